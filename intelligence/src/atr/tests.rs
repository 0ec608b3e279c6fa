use super::*;
use daak_domain::place::Places;
use proptest::prelude::*;

fn verifier() -> Verifier {
    Verifier::shipped().expect("the word lists are right")
}

fn judge(grievance: &str, report: &str, reason: Option<&str>) -> Judgement {
    let grievance = Grievance { body: grievance, ..Grievance::default() };
    verifier().judge(grievance, ActionTaken { text: report, reason, attachments: 0 }, &|_| None)
}

/// Shares of evasive reports that go back, and of honest ones that do.
fn shares(text: &str) -> (f64, f64) {
    let verifier = verifier();
    let pairs = read_pairs(text).expect("well formed");
    let verdict = |pair: &Pair| {
        let grievance = Grievance { body: &pair.grievance, ..Grievance::default() };
        verifier.judge(grievance, ActionTaken { text: &pair.report, reason: pair.reason.as_deref(), attachments: 0 }, &|_| None)
    };
    let share = |honest: bool| {
        let of: Vec<&Pair> = pairs.iter().filter(|p| p.honest == honest).collect();
        let returned = of.iter().filter(|pair| verdict(pair).verdict == Verdict::Return).count();
        for pair in &of {
            let said = verdict(pair);
            if (said.verdict == Verdict::Return) == honest || said.verdict == Verdict::Human {
                println!(
                    "{:?} {:.2} honest {honest}: {} => {}\n    {:?}",
                    said.verdict, said.score, pair.grievance, pair.report, said.because
                );
            }
        }
        returned as f64 / of.len() as f64
    };
    (share(false), share(true))
}

#[test]
fn evasive_reports_go_back_and_honest_ones_do_not() {
    let (evasive, honest) = shares(include_str!("../../data/atr_pairs.txt"));
    println!("evasive returned {evasive:.3}, honest returned {honest:.3}");
    assert!(evasive >= 0.90 && honest <= 0.05, "evasive returned {evasive:.3}, honest returned {honest:.3}");
}

#[test]
fn reasons_quote_both_sides() {
    let said = judge("আমাদের টিউবওয়েল খারাপ, জল পাই না", "Old age pension has been sanctioned to the applicant.", Some("resolved"));
    assert_eq!(said.verdict, Verdict::Return);
    let because = said.because.join("\n");
    assert!(because.contains("টিউবওয়েল") && because.contains("Old age pension"), "{because}");
}

#[test]
fn a_report_of_another_district_or_number_is_not_accepted() {
    let masters = |name: &str| std::fs::read_to_string(format!("{}/../config/{name}", env!("CARGO_MANIFEST_DIR"))).expect(name);
    let places = Places::read(&masters("districts.csv"), &masters("blocks.csv"), &masters("municipalities.csv")).expect("shipped");
    let district_of = |text: &str| {
        let found = places.districts.get(text).or_else(|| places.named_in(text).0);
        found.map(|d| (d.code.clone(), d.name_en.clone()))
    };
    let grievance = Grievance { body: "No water in our village in Bankura", subject: None, district: Some("305") };
    let text = "Visited the village in Murshidabad on 12/11/2026 and spoke to the complainant.";
    let said = verifier().judge(grievance, ActionTaken { text, ..ActionTaken::default() }, &district_of);
    assert_ne!(said.verdict, Verdict::Accept);
    assert!(said.because.iter().any(|why| why.contains("Bankura") && why.contains("Murshidabad")), "{:?}", said.because);
}

#[test]
fn nothing_said_is_nothing_done() {
    for report in ["", ".", "ok", "N/A", "দেখা হল", "-----"] {
        assert_eq!(judge("রেশন কার্ড পাইনি", report, Some("resolved")).verdict, Verdict::Return, "{report}");
    }
    assert_ne!(judge("", "Repaired on 12/11/2026 and spoke to the complainant over phone", None).verdict, Verdict::Accept);
}

proptest! {
    #[test]
    fn any_two_texts_are_judged(grievance in "\\PC{0,80}", report in "\\PC{0,80}") {
        let said = judge(&grievance, &report, Some("resolved"));
        prop_assert!((0.0..=1.0).contains(&said.score) && said.because.len() <= REASONS);
    }
}
