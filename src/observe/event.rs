//! The catalogue of log events.

macro_rules! catalogue {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: &str = $text;)+
        /// Every name, for the documentation and for the test that each stands here once.
        pub const ALL: &[&str] = &[$($text),+];
    };
}

catalogue! {
    /// The program starts; with its version.
    PROGRAM_STARTING = "program.starting";
    /// The program was asked to end.
    PROGRAM_STOPPING = "program.stopping";
    /// Everything is closed.
    PROGRAM_STOPPED = "program.stopped";
    /// A part is configured that this version has not got, or cannot work as configured.
    PART_MISSING = "part.missing";
    /// A part of the program ended that should not have.
    PART_DIED = "part.died";
    /// HTTP listens.
    HTTP_LISTENING = "http.listening";
    /// A handler failed for a reason of ours; the answer was 500 or 503.
    HTTP_FAILED = "http.failed";
    /// A handler panicked; the answer was 500.
    HTTP_PANICKED = "http.panicked";
    /// A group of requests could not be made durable; none of them was accepted.
    STORE_COMMIT_FAILED = "store.commit_failed";
    /// The write-ahead log could not be moved into the database's file; it grows meanwhile.
    STORE_CHECKPOINT_FAILED = "store.checkpoint_failed";
    /// Counts could not be gathered into sums; they stay right, and are read more slowly meanwhile.
    COUNTS_NOT_GATHERED = "insight.not_gathered";
    /// The weekly report could not be written into the outbox; it is tried again.
    REPORT_NOT_SENT = "insight.report_not_sent";
    /// Somebody signed in.
    SIGN_IN_GRANTED = "access.sign_in.granted";
    /// A sign-in was refused.
    SIGN_IN_REFUSED = "access.sign_in.refused";
    /// A citizen showed a right one-time code.
    CODE_ACCEPTED = "citizen.code.accepted";
    /// A one-time code was shown that is wrong, too old, or was shown too often.
    CODE_REFUSED = "citizen.code.refused";
    /// A one-time code could not be sent now; whoever waits asks again.
    CODE_NOT_SENT = "citizen.code.not_sent";
    /// Somebody signed out.
    SIGN_OUT = "access.sign_out";
    /// An act was refused for lack of rights.
    ACT_REFUSED = "access.act.refused";
    /// A person was added or changed.
    PERSON_CHANGED = "access.person.changed";
    /// What a browser wanted of its telephone was refused: it was not its own, not its time, or not understood.
    PHONE_REFUSED = "phone.refused";
    /// A live connection fell behind and was told to read anew.
    LIVE_LAGGED = "live.lagged";
    /// The outbox cannot work now and tries again.
    OUTBOX_PAUSED = "outbox.paused";
    /// A message could not be made from its template.
    MESSAGE_UNMADE = "message.unmade";
    /// The gateway did not take a message; it is tried again or given up.
    MESSAGE_NOT_TAKEN = "message.not_taken";
    /// What came of a message could not be written; it will be sent again.
    MESSAGE_NOT_MARKED = "message.not_marked";
    /// Citizens cannot be asked now whether it is settled; it is tried again.
    FEEDBACK_PAUSED = "feedback.paused";
    /// The clocks of tickets cannot be kept now; it is tried again.
    LIMITS_PAUSED = "limits.paused";
    /// The rules of time are others than when the program last ran: the limits of open tickets are counted anew.
    LIMITS_COUNTED_ANEW = "limits.counted_anew";
    /// A ticket's limit moved; with its number and both times.
    LIMIT_MOVED = "limits.moved";
    /// A citizen could not be called to be asked; the next attempt goes on.
    FEEDBACK_CALL_FAILED = "feedback.call_failed";
    /// A link to the SMS centre is up.
    SMS_LINK_UP = "sms.link_up";
    /// A link to the SMS centre is down; it is tried again.
    SMS_LINK_DOWN = "sms.link_down";
    /// The SMS centre sent a unit that cannot be read; it was told so.
    SMS_UNIT_MALFORMED = "sms.unit_malformed";
    /// A delivery receipt names no message.
    SMS_RECEIPT_UNREADABLE = "sms.receipt_unreadable";
    /// A citizen's message could not be taken in now; it is offered again.
    SMS_NOT_TAKEN_IN = "sms.not_taken_in";
    /// A kept part of a citizen's message cannot be read any more.
    SMS_PART_UNREADABLE = "sms.part_unreadable";
    /// The floor is behind, and news of a call was lost.
    FLOOR_OVERRUN = "floor.overrun";
    /// A citizen could not be called back; it is tried again.
    CALLBACK_FAILED = "callback.failed";
    /// A citizen could not be told that nobody was reached.
    CALLBACK_UNTOLD = "callback.untold";
    /// A supervisor attends a talk.
    CALL_ATTENDED = "call.attended";
    /// A call's record could not be stored.
    CALL_UNKEPT = "call.unkept";
    /// What a dead process had been recording was taken in.
    RECORDING_RECOVERED = "recording.recovered";
    /// A recording that was cut off could not be given back; it stays in the archive.
    RECORDING_UNCLAIMED = "recording.unclaimed";
    /// Every letter in a scan has its ticket.
    LETTERS_TAKEN = "letters.taken";
    /// A scan is in quarantine, where its reason stands.
    LETTERS_HELD = "letters.held";
    /// A scan cannot be taken in now; it is tried again.
    LETTERS_WAIT = "letters.wait";
    /// The inbox of letters cannot be read or written.
    LETTERS_UNREADABLE = "letters.unreadable";
    /// A delivery to a hook was not believed; with the account's name.
    HOOK_REFUSED = "hook.refused";
    /// Webhooks cannot be called now; it is tried again.
    WEBHOOKS_PAUSED = "webhooks.paused";
    /// A webhook did not take what it was told; with its name.
    WEBHOOK_NOT_TAKEN = "webhooks.not_taken";
    /// Files that contacts refer to cannot be fetched now; it is tried again.
    FILES_PAUSED = "files.paused";
    /// A file that a contact refers to cannot be had; its ticket says so.
    FILE_LOST = "files.lost";
    /// The model that understands texts does not fit the masters, and keywords take its place.
    MODEL_UNFIT = "intelligence.model.unfit";
    /// The demonstration's people and tickets were laid down.
    DEMO_SEEDED = "demo.seeded";
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn each_name_stands_once_and_is_dotted_lower_case() {
        let mut sorted = ALL.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), ALL.len());
        for name in ALL {
            assert!(name.contains('.') && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'.' || b == b'_'), "{name}");
        }
    }
}
