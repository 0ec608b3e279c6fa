use super::*;
use proptest::prelude::*;

fn words() -> Words {
    Words::parse(include_str!("../../../config/sms_words.toml")).unwrap_or_else(|(line, what)| unreachable!("{line}: {what}"))
}

/// The golden cases: a message a line, and what it asks.
#[test]
fn golden() {
    let words = words();
    let (mut wrong, mut cases) = (Vec::new(), 0);
    for line in include_str!("../golden/commands.tsv").lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
        let (text, wanted) = line.split_once('\t').expect("a tab");
        let shown = match words.read(text) {
            Command::Status(number) => format!("status {}", number.map_or("-".into(), |n| n.digits())),
            Command::Answer { said, about, words } => {
                let said = if said == Said::Yes { "yes" } else { "no" };
                [Some(said.to_owned()), about.map(|n| n.digits()), words].into_iter().flatten().collect::<Vec<_>>().join(" ")
            }
            Command::Unclear(_) => "unclear".into(),
            other => format!("{other:?}").to_lowercase(),
        };
        cases += 1;
        if shown != wanted {
            wrong.push(format!("{text:?}: {shown:?}, wanted {wanted:?}"));
        }
    }
    assert!(wrong.is_empty() && cases > 60, "{cases} cases\n{}", wrong.join("\n"));
}

#[test]
fn mistakes_are_told_with_their_line() {
    let shipped = include_str!("../../../config/sms_words.toml");
    let line = |text: &str| Words::parse(text).expect_err("refused");
    let doubled = shipped.replace("stop = [\"stop\"", "stop = [\"yes\"");
    let (at, what) = line(&doubled);
    assert!(what.contains("stands under yes too") && doubled.lines().nth(at - 1).is_some_and(|l| l.starts_with("stop = ")), "{at}: {what}");
    assert!(line(&shipped.replace("start = [\"start\"", "start = [\"!\"")).1.contains("no letter"));
    assert!(line(&shipped.replace("polite = [", "politely = [")).1.contains("politely"));
}

#[test]
fn the_number_is_found_in_groups_and_in_three_scripts() {
    let number = Number::from_serial(7);
    let (digits, grouped) = (number.digits(), number.grouped());
    let bengali: String = digits.chars().map(|c| char::from_u32('০' as u32 + c.to_digit(10).expect("digit")).expect("digit")).collect();
    for text in
        [format!("STATUS {digits}"), format!("{grouped} status"), format!("অবস্থা {bengali}"), digits.clone(), format!("Status: {grouped}.")]
    {
        assert_eq!(words().read(&text), Command::Status(Some(number)), "{text}");
    }
    assert_eq!(words().read("status 1234567890"), Command::Status(None), "a wrong check digit");
    assert_eq!(
        words().read(&format!("না {bengali} এখনও জল নেই")),
        Command::Answer { said: Said::No, about: Some(number), words: Some("এখনও জল নেই".into()) }
    );
}

proptest! {
    #[test]
    fn no_text_panics_and_long_ones_are_matters(text in "\\PC{0,300}") {
        let command = words().read(&text);
        prop_assert!(text.split_whitespace().count() <= 60 || tokens(&text).len() <= 60 || command == Command::Free);
    }

    /// Only what consists of yeses and courtesies is a yes.
    #[test]
    fn a_yes_with_any_other_word_is_no_yes(other in "[a-z]{4,9}", before in any::<bool>()) {
        let words = words();
        prop_assume!(![&words.yes, &words.polite].iter().any(|list| list.iter().any(|phrase| phrase.contains(&other))));
        let text = if before { format!("{other} yes") } else { format!("yes {other}") };
        let yes = matches!(words.read(&text), Command::Answer { said: Said::Yes, .. });
        prop_assert!(!yes);
    }
}
