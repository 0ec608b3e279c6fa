//! Whatever comes, it is read without a panic, the same way twice, and within the bounds of the door.

use daak_domain::Timestamp;
use daak_domain::contact::Statement;
use daak_email::reading::{self, Reading, Rules};
use daak_email::thread::Ours;
use proptest::prelude::*;

/// Pieces that mails are made of, good and bad.
const PIECES: &[&str] = &[
    "From: a@b.org\n",
    "From: \"x\" <A@B.org>, c@d.org\n",
    "From: =?utf-8?q?=00?= <a@b.org>\n",
    "Subject: =?utf-8?b?4KaV?= [471 830 9263]\n",
    "Subject:\n x\n",
    "Message-ID: <a@b>\n",
    "In-Reply-To: <daak.4718309263.00@cm.example.org>\n",
    "References: <a> <b@c>\n",
    "To: helpline+4718309263@cm.example.org\n",
    "Content-Type: text/plain; charset=utf-16\n",
    "Content-Type: text/html\n",
    "Content-Type: text/plain; format=flowed; delsp=yes\n",
    "Content-Type: multipart/mixed; boundary=b\n",
    "Content-Type: multipart/alternative; boundary=\"c d\"\n",
    "Content-Type: multipart/report; boundary=b\n",
    "Content-Type: message/rfc822\n",
    "Content-Type: message/delivery-status\n",
    "Content-Type: image/png; name=\"../x.png\"\n",
    "Content-Type: application/ms-tnef\n",
    "Content-Transfer-Encoding: base64\n",
    "Content-Transfer-Encoding: quoted-printable\n",
    "Content-Disposition: attachment; filename*=utf-8''%2e%2e%2f\n",
    "Content-ID: <p@q>\n",
    "Auto-Submitted: auto-generated\n",
    "Action: failed\n",
    "Final-Recipient: rfc822; a@b.org\n",
    "\n",
    "\n",
    "--b\n",
    "--b--\n",
    "--c d\n",
    "> quoted\n",
    "On 1 Nov 2026, x wrote:\n",
    "-- \n",
    "=00=e0=a6\n",
    "4KaV4Kat\n",
    "<p>x<img src=cid:p@q><script>y</script>\n",
    "plain words\n",
    "\u{0}\u{1}\n",
    "x\u{202e}y\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn pieces_in_any_order_are_read_within_bounds(pieces in proptest::collection::vec(0..PIECES.len(), 0..40)) {
        check(pieces.iter().map(|at| PIECES[*at]).collect::<String>().as_bytes())?;
    }

    #[test]
    fn any_bytes_are_read(raw in proptest::collection::vec(any::<u8>(), 0..400)) {
        check(&raw)?;
    }
}

fn check(raw: &[u8]) -> Result<(), TestCaseError> {
    let rules = Rules { ours: Ours::new(["helpline@cm.example.org".to_owned()]), ..Rules::default() };
    let reading = reading::read(raw, Timestamp::UNIX_EPOCH, &rules);
    prop_assert_eq!(&reading, &reading::read(raw, Timestamp::UNIX_EPOCH, &rules));
    match reading {
        Reading::Contact(arrival) => {
            let contact = &arrival.contact;
            prop_assert!(!contact.external_id.is_empty() && contact.external_id.len() <= 500);
            prop_assert!(contact.subject.as_ref().is_none_or(|subject| subject.chars().count() <= 300));
            prop_assert!(contact.sender.email.as_ref().is_some_and(|email| email.contains('@') && email.len() <= 254));
            prop_assert!(contact.sender.name.as_ref().is_none_or(|name| name.chars().count() <= 200));
            prop_assert!(arrival.parts.len() <= 50 && arrival.parts.iter().all(|part| !part.name.contains(['/', '\\', '\0'])));
            if let Statement::Written { text } = &contact.statement {
                prop_assert!(text.len() <= 100 * 1024);
                prop_assert!(!text.is_empty() || contact.subject.is_some() || !arrival.parts.is_empty());
            }
        }
        Reading::Held(hold) => prop_assert!(!hold.reason.is_empty() && hold.external_id.len() <= 500),
        Reading::News(_) | Reading::Nothing(_) => {}
    }
    Ok(())
}
