use super::*;
use std::collections::HashMap;

fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables: HashMap<String, String> = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Config::read(text, Path::new("daak.toml"), variables)
}

fn refusal(text: &str, variables: &[(&str, &str)]) -> String {
    read(text, variables).expect_err("this configuration must be refused").to_string()
}

#[test]
fn nothing_at_all_is_a_configuration() {
    let config = read("", &[]).expect("the defaults are valid");
    assert_eq!(config, Config::defaults());
    assert_eq!(config.http.listen.0, ["127.0.0.1:8080".parse().expect("an address")]);
    assert_eq!(config.rtp.ports.legs(), 5000);
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_known_ones() {
    let said = refusal("[http]\nlisten = \"127.0.0.1:80\"\nlisen = \"x\"\n", &[]);
    assert!(said.starts_with("daak.toml:3:1: http.lisen: unknown field `lisen`, expected one of `listen`"), "{said}");
    let said = refusal("\n[htp]\n", &[]);
    assert!(said.starts_with("daak.toml:2:2: htp: unknown field `htp`"), "{said}");
}

#[test]
fn a_wrong_type_is_refused_with_what_was_expected() {
    let said = refusal("[http]\nsession_idle_min = \"long\"\n", &[]);
    assert!(said.starts_with("daak.toml:2:20: http.session_idle_min: invalid type: string \"long\", expected u32"), "{said}");
    let said = refusal("[[queues]]\nname = \"a\"\n[[queues]]\nname = 5\n", &[]);
    assert!(said.starts_with("daak.toml:4:8: queues.1.name: invalid type: integer `5`, expected a string"), "{said}");
    let said = refusal("[http\n", &[]);
    assert!(said.starts_with("daak.toml:1:"), "{said}");
}

#[test]
fn an_impossible_value_is_refused_with_what_was_expected() {
    for (text, expected) in [
        (
            "[http]\n\nlisten = \"nowhere\"\n",
            "daak.toml:3:10: http.listen: \"nowhere\" is no address to listen on, expected one such as \"127.0.0.1:8080\"",
        ),
        ("[rtp]\nports = \"9-5\"\n", "daak.toml:2:9: rtp.ports: \"9-5\" is no range of ports, expected one such as \"10000-19999\""),
        ("[rtp]\nthreads = 1000\n", "daak.toml:2:1: rtp.threads: expected 0 (one a core) to 256"),
        ("[database]\nurl = \"mysql:x\"\n", "daak.toml:2:7: database.url: no database has such a URL, expected \"sqlite:daak.db\""),
        ("[sms]\ndriver = \"http\"\n", "daak.toml:2:1: sms.driver: \"http\" needs a section [sms.http]"),
        ("[sms]\nquiet_from = \"25:00\"\n", "daak.toml:2:14: sms.quiet_from: \"25:00\" is no time of the day"),
        (
            "[[agents]]\nname = \"a\"\nqueues = [\"x\"]\n",
            "daak.toml:3:1: agents.0.queues: there is no queue \"x\", expected one of [[queues]]",
        ),
        ("[[queues]]\nname=\"q\"\n[[queues]]\nname=\"q\"\n", "daak.toml:4:1: queues.1.name: \"q\" stands here twice"),
        ("[helpline]\ntimezone = \"Mars\"\n", "daak.toml:2:1: helpline.timezone: \"Mars\" is no time zone"),
        ("[sip]\ncertificate = \"/nowhere.pem\"\n", "daak.toml:2:1: sip.certificate: expected certificate and key together"),
    ] {
        let said = refusal(text, &[]);
        assert!(said.starts_with(expected), "{said}");
    }
}

#[test]
fn the_environment_goes_before_the_file() {
    let file = "[http]\nlisten = \"127.0.0.1:1\"\n[[queues]]\nname = \"q\"\n";
    let config = read(
        file,
        &[
            ("DAAK__HTTP__LISTEN", "127.0.0.1:2"),
            ("DAAK__SIP__MAX_CALLS", "7"),
            ("DAAK__SIP__LISTEN", "[\"udp:127.0.0.1:5\"]"),
            ("DAAK__QUEUES__0__RING_S", "9"),
            ("DAAK__VOICE__NUMBERS__2000", "bench"),
            ("DAAK__SIP__REALM", "12"),
            ("DAAK_DATA", "not ours"),
        ],
    )
    .expect("valid");
    assert_eq!(config.http.listen.0, ["127.0.0.1:2".parse().expect("an address")]);
    assert_eq!((config.sip.max_calls, config.sip.listen.0.len(), config.queues[0].ring_s), (7, 1, 9));
    assert_eq!(config.voice.numbers["2000"], "bench");
    assert_eq!(config.sip.realm, "12", "a number where a text is expected is that text");
}

#[test]
fn a_wrong_variable_is_named() {
    for (variable, value, expected) in [
        ("DAAK__HTTP__LISEN", "x", "environment variable DAAK__HTTP__LISEN: unknown field `lisen`"),
        (
            "DAAK__HTTP__SESSION_IDLE_MIN",
            "long",
            "environment variable DAAK__HTTP__SESSION_IDLE_MIN: invalid type: string \"long\", expected u32",
        ),
        ("DAAK__HTTP__SESSION_IDLE_MIN", "0", "environment variable DAAK__HTTP__SESSION_IDLE_MIN: expected 1 to 1440 minutes"),
        ("DAAK__HTTP", "x", "environment variable DAAK__HTTP: expected DAAK__SECTION__KEY"),
        ("DAAK__QUEUES__1__NAME", "x", "environment variable DAAK__QUEUES__1__NAME: "),
        ("DAAK__HTTP__LISTEN__X", "x", "environment variable DAAK__HTTP__LISTEN__X: "),
    ] {
        let said = refusal("", &[(variable, value)]);
        assert!(said.starts_with(expected), "{said}");
    }
}

#[test]
fn a_secret_comes_from_the_text_a_file_or_the_environment_and_is_never_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("password");
    std::fs::write(&file, "open sesame\n").expect("written");
    let agent = |secret: &str| format!("[[queues]]\nname = \"q\"\n[[agents]]\nname = \"a\"\nqueues = [\"q\"]\npassword = {secret}\n");
    let named = format!("{{ file = {:?} }}", file.display().to_string());
    for secret in ["\"open sesame\"", &named] {
        let config = read(&agent(secret), &[]).expect("valid");
        assert_eq!(config.agents[0].password.as_ref().map(Secret::expose), Some("open sesame"));
        assert!(!format!("{config:?}").contains("sesame"));
    }
    let said = refusal(&agent("{ file = \"/nowhere/at/all\" }"), &[]);
    assert!(said.starts_with("daak.toml:6:12: agents.0.password: the secret's file /nowhere/at/all cannot be read"), "{said}");
    let said = refusal(&agent("{ env = \"DAAK_TEST_NO_SUCH_VARIABLE\" }"), &[]);
    assert!(said.contains("DAAK_TEST_NO_SUCH_VARIABLE is not set"), "{said}");
    let said = refusal(&agent("{ vault = \"x\" }"), &[]);
    assert!(said.contains("expected a secret: a string, { file = \"path\" } or { env = \"NAME\" }"), "{said}");
    let said = refusal(&agent("4711"), &[]);
    assert!(said.contains("expected a secret") && !said.contains("4711"), "{said}");
    let said = refusal("[database]\nurl = \"hunter2\"", &[]);
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn sip_listens_where_it_is_told() {
    let config = read("[sip]\nlisten = \"0.0.0.0:5070\"\n", &[]).expect("valid");
    let shown: Vec<_> = config.sip.listen.0.iter().map(|(t, a)| format!("{t}:{a}")).collect();
    assert_eq!(shown, ["udp:0.0.0.0:5070", "tcp:0.0.0.0:5070"]);
}

#[test]
fn the_files_that_ship_are_valid() {
    for file in ["config/daak.toml", "config/bench.toml"] {
        let text = std::fs::read_to_string(file).expect("the file is there");
        Config::read(&text, Path::new(file), []).expect("the file is valid");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}", variable in "[A-Z_0-9]{0,30}", value in "\\PC{0,40}") {
        let _ = Config::read(&text, Path::new("x"), [(format!("DAAK__{variable}"), value.clone())]);
        let _ = Config::read("", Path::new("x"), [(format!("DAAK__{variable}"), value)]);
    }
}
