//! The README's commands do what it says: each block marked `sh test` is run as it stands.

use std::process::Command;

#[test]
fn the_commands_of_the_readme_work() {
    let readme = std::fs::read_to_string("README.md").expect("the README");
    let daak = std::path::Path::new(env!("CARGO_BIN_EXE_daak"));
    let path = format!("{}:{}", daak.parent().expect("a folder").display(), std::env::var("PATH").unwrap_or_default());
    let data = tempfile::tempdir().expect("a folder");
    let mut run = 0;
    for block in readme.split("```sh test\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        for line in block.lines().filter(|line| !line.is_empty()) {
            let done =
                Command::new("bash").args(["-c", line]).env("PATH", &path).env("DAAK_DATA", data.path()).output().expect("bash runs");
            assert!(done.status.success(), "{line}\n{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
            assert!(!done.stdout.is_empty(), "{line} prints something");
            run += 1;
        }
    }
    assert!(run >= 4, "the README has commands to run");
}

#[test]
fn what_the_readme_shows_is_what_a_caller_hears() {
    let walk = Command::new(env!("CARGO_BIN_EXE_daak"))
        .args(["flow", "run", "ivr-flows/helpline.yaml", "--say", "The tap has been dry for a week", "--press", "3,1,1,2"])
        .output()
        .expect("it runs");
    let heard = String::from_utf8_lossy(&walk.stdout);
    for part in ["We understood: The tap has been dry for a week", "Your number is:", "the call ends"] {
        assert!(heard.contains(part), "{part} is missing in\n{heard}");
    }
}
