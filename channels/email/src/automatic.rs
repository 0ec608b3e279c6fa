//! Machines that write, and mails that must not be answered (RFC 3834 §2, RFC 2919, RFC 5230 §4.5).

use crate::fields::Fields;
use crate::thread::Ours;

/// What a mail is, by the fields of its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Automatic {
    /// A person wrote it, as far as can be told.
    No,
    /// A machine sent it for somebody, or nobody must be answered: it becomes a contact without an acknowledgement.
    Unanswered(&'static str),
    /// No contact: nobody says anything with it. It stays in the mailbox.
    Nothing(&'static str),
}

/// Hops after which a mail goes round in circles (RFC 5321 §6.3 asks for at least 100 before a server may refuse; what comes to
/// a helpline took fewer than 15).
const HOPS: usize = 60;

/// Looks at the header. `from` is the sender's address in lower case.
pub fn look(fields: &Fields, from: &str, ours: &Ours) -> Automatic {
    if ours.is(from) || fields.first("message-id").is_some_and(|id| crate::fields::ids(id).iter().any(|id| ours.wrote(id))) {
        return Automatic::Nothing("loop: it is our own message that came back");
    }
    if fields.all("x-loop").any(|value| ours.is(value.trim())) || fields.all("received").count() > HOPS {
        return Automatic::Nothing("loop: it went round in circles");
    }
    let submitted = fields.word("auto-submitted").unwrap_or_default();
    let precedence = fields.word("precedence").unwrap_or_default();
    if submitted == "auto-replied" || precedence == "auto_reply" || fields.has("x-autoreply") || fields.has("x-autorespond") {
        return Automatic::Nothing("auto-reply: a machine answered us");
    }
    if fields.has("x-auto-reply-from") || fields.word("x-failed-recipients").is_some() {
        return Automatic::Nothing("auto-reply: a mail server answered us");
    }
    if fields.has("list-id") || precedence == "list" {
        return Automatic::Nothing("mailing list");
    }
    let local = from.split(['@', '+']).next().unwrap_or_default();
    if matches!(local, "mailer-daemon" | "postmaster") && is_null_sender(fields) {
        return Automatic::Nothing("bounce: a mail server wrote it, in no known form");
    }
    if is_null_sender(fields) {
        return Automatic::Unanswered("its sender takes no answers (empty return path)");
    }
    if !submitted.is_empty() && submitted != "no" {
        return Automatic::Unanswered("a machine sent it");
    }
    if matches!(&precedence[..], "bulk" | "junk") || fields.has("list-unsubscribe") || fields.has("feedback-id") {
        return Automatic::Unanswered("it was sent to many");
    }
    let no_reply = ["noreply", "no-reply", "donotreply", "do-not-reply", "mailer-daemon", "postmaster", "bounce", "bounces"];
    if no_reply.contains(&local) {
        return Automatic::Unanswered("its sender takes no answers");
    }
    Automatic::No
}

fn is_null_sender(fields: &Fields) -> bool {
    fields.first("return-path").is_some_and(|path| path.split_whitespace().collect::<String>() == "<>")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look_at(header: &str, from: &str) -> Automatic {
        look(&Fields::of(header.as_bytes()), from, &Ours::new(["helpline@cm.example.org".to_owned()]))
    }

    #[test]
    fn machines_are_known_by_their_header() {
        for (header, nothing) in [
            ("Auto-Submitted: auto-replied (vacation)\n", true),
            ("Auto-Submitted: auto-generated\n", false),
            ("Precedence: bulk\n", false),
            ("Precedence: list\n", true),
            ("List-Id: <x.lists.example>\n", true),
            ("List-Unsubscribe: <mailto:x@y.org>\n", false),
            ("X-Autoreply: yes\n", true),
            ("Return-Path: < >\n", false),
            ("X-Loop: helpline@cm.example.org\n", true),
            ("Message-ID:\n <daak.0.abc@cm.example.org>\n", true),
        ] {
            let found = look_at(header, "a@b.org");
            assert!(matches!(found, Automatic::Nothing(_)) == nothing && found != Automatic::No, "{header}: {found:?}");
        }
        assert!(matches!(look_at(&"Received: x\n".repeat(61), "a@b.org"), Automatic::Nothing(_)));
        assert!(matches!(look_at("", "helpline+4718309263@cm.example.org"), Automatic::Nothing(_)));
        assert!(matches!(look_at("", "no-reply@bank.example"), Automatic::Unanswered(_)));
        assert!(matches!(look_at("Return-Path: <>\n", "mailer-daemon@mx.example"), Automatic::Nothing(_)));
    }

    #[test]
    fn a_person_is_not_taken_for_one() {
        for header in ["Auto-Submitted: no\n", "X-Auto-Response-Suppress: All\n", "Return-Path: <a@b.org>\nPrecedence: normal\n"] {
            assert_eq!(look_at(header, "a@b.org"), Automatic::No, "{header}");
        }
    }
}
