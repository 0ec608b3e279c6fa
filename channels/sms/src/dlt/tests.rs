use super::*;
use proptest::prelude::*;

const TOML: &str = r#"
entity = "1101000000000000001"
headers = ["DAAKWB"]
links = ["helpline.example.in"]

[[text]]
template = "registered"
language = "en"
id = "1107000000000000011"
text = "Grievance {#var#} is registered. See https://helpline.example.in/s by {#var#}."

[[text]]
template = "code"
language = "en"
id = "1107000000000000012"
text = "Your code is {#numeric#}."
lengths = [8]

[[text]]
template = "closed"
language = "en"
id = "1107000000000000013"
text = "Closed: {#var#}{#var#} Thank you."
"#;

fn registry(text: &str) -> Result<Registry, Vec<RegistryError>> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("registry.toml");
    std::fs::write(&file, text).expect("written");
    Registry::load(&file)
}

fn fixed(words: &str) -> Piece {
    Piece::Fixed(words.to_owned())
}

fn value(name: &str, longest: usize, form: Form) -> Piece {
    Piece::Value { name: name.to_owned(), longest, form }
}

fn text(template: &str, pieces: Vec<Piece>) -> Text {
    Text { template: template.into(), language: "en".into(), file: format!("config/templates/{template}.toml").into(), line: 9, pieces }
}

fn trouble(template: &str, pieces: Vec<Piece>) -> Option<String> {
    let rows = registry(TOML).expect("valid").check(&[text(template, pieces)]);
    rows[0].trouble.as_ref().map(|trouble| {
        let whole = trouble.to_string();
        whole.split(" (registered as").next().unwrap_or_default().to_owned()
    })
}

fn registered(number: Piece, due: Piece) -> Vec<Piece> {
    vec![fixed("Grievance "), number, fixed(" is registered. See https://helpline.example.in/s by "), due, fixed(".")]
}

#[test]
fn a_text_fits_or_is_told_with_file_line_and_reason() {
    let (number, due) = (|| value("number", 12, Form::Any), || value("due", 10, Form::Any));
    assert_eq!(trouble("registered", registered(number(), due())), None);
    let at = "config/templates/registered.toml:9: ";
    for (pieces, says) in [
        (
            registered(value("number", 31, Form::Any), due()),
            "{number} may have 31 characters, the registered variable holds 30: shorten it in [values]",
        ),
        (vec![fixed("Complaint "), number()], "\"Complaint \" stands here, \"Grievance \" is registered"),
        (vec![fixed("Grievance ")], "after \"Grievance \" a variable is registered, and nothing stands here"),
        ([registered(number(), due()), vec![fixed(" Bye.")]].concat(), "\"Bye.\"".trim_matches('"')),
    ] {
        let told = trouble("registered", pieces).expect("refused");
        assert!(told.starts_with(at) && told.contains(says), "{told}");
    }
    let unknown = trouble("reopened", vec![fixed("x")]).expect("refused");
    assert!(unknown.starts_with("config/templates/reopened.toml:9: reopened in en is not registered"), "{unknown}");
}

#[test]
fn variables_have_kinds_and_rooms() {
    let code = |form| vec![fixed("Your code is "), value("code", 8, form), fixed(".")];
    assert_eq!(trouble("code", code(Form::Digits)), None);
    assert!(trouble("code", code(Form::Any)).expect("refused").contains("registered as Digits"));
    let closed = |longest| vec![fixed("Closed: "), value("remarks", longest, Form::Any), fixed(" Thank you.")];
    assert_eq!(trouble("closed", closed(60)), None, "two variables in a row hold sixty");
    assert!(trouble("closed", closed(61)).is_some());
}

#[test]
fn links_are_whitelisted_in_texts_and_before_they_go() {
    let registry = registry(&TOML.replace("links = [\"helpline.example.in\"]", "links = [\"www.other.in\"]")).expect("valid");
    let told = registry.check(&[text("registered", registered(value("number", 12, Form::Any), value("due", 10, Form::Any)))]);
    assert!(told[0].trouble.as_ref().expect("refused").what.contains("https://helpline.example.in/s"));
    assert_eq!(registry.lets_pass("closed", "en", "Closed: see https://other.in/a. Thank you."), Ok(()));
    assert!(registry.lets_pass("closed", "en", "Closed: see http://other.in.evil.example/a").is_err());
    assert!(registry.lets_pass("reply", "en", "Hello").expect_err("refused").contains("not in the registry"));
    assert!(registry.knows("DAAKWB", Some("1101000000000000001")).is_ok());
    assert!(registry.knows("DAAKKA", None).is_err() && registry.knows("DAAKWB", Some("7")).is_err());
}

#[test]
fn mistakes_in_the_registry_are_told_with_their_line() {
    for (from, to, says) in [
        ("{#numeric#}", "{#number#}", ":12: {#number#} is no kind of variable"),
        ("lengths = [8]", "lengths = [8, 9]", ":12: lengths has 2 numbers"),
        ("1107000000000000012", "x", ":12: id: \"x\" is no number"),
        ("template = \"code\"", "template = \"registered\"", ":12: registered in en stands on line 6 already"),
        ("entity =", "entitty =", "unknown field"),
    ] {
        let error = registry(&TOML.replacen(from, to, 1)).expect_err("refused");
        let told = error.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(told.contains(says), "{told}");
    }
}

#[test]
fn csv_of_a_portal() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("registry.csv");
    let rows = "\u{feff}header,entity,id,template,language,text,lengths,links\nDAAKWB,1101,1107,closed,bn,\"বন্ধ, {#var#} ধন্যবাদ\",40,helpline.example.in\n";
    std::fs::write(&file, rows).expect("written");
    let registry = Registry::load(&file).unwrap_or_else(|e| unreachable!("{e:?}"));
    assert_eq!((registry.id("closed", "bn"), registry.entity()), (Some("1107"), Some("1101")));
    let pieces = vec![fixed("বন্ধ, "), value("remarks", 40, Form::Any), fixed(" ধন্যবাদ")];
    let rows = registry.check(&[Text { language: "bn".into(), ..text("closed", pieces) }]);
    assert_eq!(rows[0].trouble, None);
    std::fs::write(&file, rows_broken()).expect("written");
    assert!(Registry::load(&file).is_err());
}

fn rows_broken() -> &'static str {
    "header,entity,id,template,language,text\nDAAKWB,1101,1107,closed\n"
}

proptest! {
    #[test]
    fn a_text_fits_what_was_registered_of_it(words in proptest::collection::vec("[a-zক-হ .,]{1,12}", 1..6)) {
        let pieces: Vec<_> = words.iter().flat_map(|w| [fixed(&format!("{w}x")), value("v", 30, Form::Any)]).collect();
        let slots: Vec<_> = words.iter().flat_map(|w| [Slot::Fixed(format!("{w}x")), Slot::Variable { kind: Kind::Anything, longest: 30 }]).collect();
        prop_assert_eq!(fit::fit(&slots, &pieces), Ok(()));
        let mut changed = pieces.clone();
        changed[0] = fixed("something else entirely here");
        prop_assert!(fit::fit(&slots, &changed).is_err());
    }

    #[test]
    fn no_registry_panics(text in "\\PC{0,200}") {
        drop(file::read_toml(&text));
        drop(file::read_csv(&text));
    }
}
