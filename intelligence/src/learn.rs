//! Learning from corrections: a new model beside the running one on texts that neither was taught, and the rule that no language may lose.

use crate::evaluate::{Judged, Share};
use crate::model::Head;
use crate::seeds::{Danger, Form};
use std::fmt::Write;

/// What a new model would change.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// A table for people: each form of writing, and emergencies, before and after.
    pub table: String,
    /// For what it would be worse; empty if it may take the place of the other.
    pub worse: Vec<String>,
}

/// Compares what two models say of the same texts, in the same order. A model is worse where it gives fewer texts of a form their category,
/// hears fewer emergencies, or raises more alarms for nothing.
pub fn difference(before: (&Head, &[Judged]), after: (&Head, &[Judged])) -> Difference {
    let mut found = Difference { table: "| | before | after |\n|---|---|---|\n".into(), worse: Vec::new() };
    let mut row = |name: String, of: &dyn Fn(&Judged) -> bool, right: &dyn Fn(&Judged, &Head) -> bool| {
        let share = |(head, judged): (&Head, &[Judged])| {
            let of: Vec<&Judged> = judged.iter().filter(|j| of(j)).collect();
            (Share::of(&of, |j| right(j, head)), of.iter().filter(|j| right(j, head)).count())
        };
        let ((was, hits), (is, now)) = (share(before), share(after));
        if was.of == 0 {
            return;
        }
        // Writing to a string cannot fail.
        let _ = writeln!(found.table, "| {name} | {was} | {is} |");
        if now < hits {
            found.worse.push(format!("{name}: {now} of {} right, {hits} before", is.of));
        }
    };
    for form in Form::ALL {
        row(format!("category, {}", form.name()), &|j| j.form == form, &|j, _| j.place() == 0);
    }
    let heard = |j: &Judged, head: &Head| j.danger_heard(&head.ear) >= head.danger_from;
    row("emergencies heard".into(), &|j| j.danger != Danger::None, &heard);
    row("others left alone".into(), &|j| j.danger == Danger::None, &|j, head| !heard(j, head));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Ear;

    fn judged(form: Form, right: bool, danger: Danger, heard: bool) -> Judged {
        let scores = if right { vec![2.0, 0.0] } else { vec![0.0, 2.0] };
        let dangers = Danger::ALL.iter().enumerate().map(|(n, _)| if (n == 0) == heard { 0.0 } else { 9.0 }).collect();
        Judged { form, category: 0, danger, scores, dangers, form_said: vec![0.2; 5], text: String::new() }
    }

    fn head() -> Head {
        let mut head = Head::new(String::new(), String::new(), vec!["a".into(), "b".into()]);
        head.ear = Ear { temperature: 1.0, of_categories: 1.0, shares: vec![0.5, 0.5], weight: 0.0 };
        head
    }

    #[test]
    fn a_gain_in_one_language_does_not_pay_for_a_loss_in_another() {
        let (b, h, none) = (Form::Bengali, Form::Hindi, Danger::None);
        let before = [judged(b, false, none, false), judged(b, false, none, false), judged(h, true, none, false)];
        let after = [judged(b, true, none, false), judged(b, true, none, false), judged(h, false, none, false)];
        let found = difference((&head(), &before), (&head(), &after));
        assert_eq!(found.worse, ["category, Hindi: 0 of 1 right, 1 before"]);
        assert!(found.table.contains("| category, Bengali | 0.0 %"), "{}", found.table);
        assert_eq!(difference((&head(), &after), (&head(), &after)).worse, Vec::<String>::new());
    }

    #[test]
    fn a_missed_emergency_and_an_alarm_for_nothing_are_losses() {
        let pair = |heard, alarm| [judged(Form::English, true, Danger::Fire, heard), judged(Form::English, true, Danger::None, alarm)];
        let found = difference((&head(), &pair(true, false)), (&head(), &pair(false, true)));
        assert_eq!(found.worse.len(), 2, "{found:?}");
    }
}
