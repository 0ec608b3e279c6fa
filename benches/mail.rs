//! 10,000 mails of real shape from Dovecot into tickets, through the whole program.
//! `cargo bench --bench mail [-- MAILS]`; prints one line of JSON.
#![allow(clippy::print_stdout)]

use daak_testkit::post_office::PostOffice;
use daak_testkit::program::Program;
use std::time::{Duration, Instant};

const HELPLINE: &str = "helpline@cm.example.org";

fn main() {
    let mails: usize = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10_000);
    let office = PostOffice::open();
    office.lay(HELPLINE, (0..mails).map(mail));
    let settings = format!(
        "[voice]\nenabled = false\n\n[speech]\nmodel = \"/nonexistent\"\n\n[email]\nimap = \"imap://{HELPLINE}@127.0.0.1:{}/INBOX\"\nimap_password = \"letmein\"\n",
        office.imap
    );
    let program = Program::start(env!("CARGO_BIN_EXE_daak"), &settings);
    let started = Instant::now();
    while office.seen(HELPLINE) < mails {
        assert!(started.elapsed() < Duration::from_secs(1_200), "it does not come to an end: {}\n{}", program.output(), office.logs());
        std::thread::sleep(Duration::from_millis(50));
    }
    let seconds = started.elapsed().as_secs_f64();
    println!("{{\"mails\": {mails}, \"seconds\": {seconds:.2}, \"mails_per_s\": {:.0}}}", mails as f64 / seconds);
}

/// Of ten mails: five of plain text, three with HTML beside it, one that answers, one with a photograph.
fn mail(at: usize) -> Vec<u8> {
    let text = format!("আমাদের গ্রামের {at} নম্বর কলে তিন দিন জল আসছে না, খাবার জল কিনে খেতে হচ্ছে। There is no drinking water in ward {at}.");
    let head = format!(
        "Received: from mail-a.example.net (mail-a.example.net [203.0.113.9])\r\n\tby mx.cm.example.org with ESMTPS id {at}; Tue, 24 Nov 2026 10:00:00 +0530\r\n\
         From: Citizen {at} <citizen{at}@example.net>\r\nTo: {HELPLINE}\r\nSubject: matter {at}\r\nMessage-ID: <{at}@example.net>\r\n\
         Date: Tue, 24 Nov 2026 10:00:00 +0530\r\nMIME-Version: 1.0\r\n"
    );
    let plain = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
    let whole = match at % 10 {
        0..5 => format!("{head}{plain}{text}\r\n-- \r\nCitizen {at}\r\n"),
        5..8 => format!(
            "{head}Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n{plain}{text}\r\n--b\r\n\
             Content-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>{text}</p><p><a href=\"https://example.net\">more</a></p></body></html>\r\n--b--\r\n"
        ),
        8 => format!(
            "{head}In-Reply-To: <x{at}@example.net>\r\n{plain}{text}\r\n\r\nOn 23 Nov 2026, Helpline wrote:\r\n> earlier\r\n> words\r\n"
        ),
        _ => {
            let photo = "/9j/4AAQSkZJRgABAQAAAQABAAD/".repeat(2_000);
            format!(
                "{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{plain}{text}\r\n--b\r\nContent-Type: image/jpeg; name=photo.jpg\r\n\
                 Content-Transfer-Encoding: base64\r\n\r\n{photo}\r\n--b--\r\n"
            )
        }
    };
    whole.into_bytes()
}
