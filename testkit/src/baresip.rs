//! baresip as a telephone: it speaks a WAV file, keeps what it hears, presses keys.
//!
//! It is driven over its `ctrl_tcp` module: netstrings with JSON inside.

use crate::{port, tone, wait};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running telephone. Dropping it hangs up and ends the process.
pub struct Baresip {
    child: Child,
    control: TcpStream,
    received: Vec<u8>,
    home: tempfile::TempDir,
}

/// How the telephone is set up.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The user part of its own address: what the called party sees as the caller.
    pub user: String,
    /// Registrar and password, for a desk phone: `("127.0.0.1:5060", "secret")`.
    pub register: Option<(String, String)>,
    /// `udp`, `tcp` or `tls`.
    pub transport: &'static str,
    /// Media encryption: `None`, or `Some("srtp-mand")` for SDES.
    pub media_encryption: Option<&'static str>,
    /// What it says, 8 kHz; played once, then silence follows.
    pub speaks: Vec<i16>,
    /// Answers by itself.
    pub answers: bool,
    /// Codecs in order of preference, as baresip names them.
    pub codecs: &'static str,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            user: "9830012345".into(),
            register: None,
            transport: "udp",
            media_encryption: None,
            speaks: Vec::new(),
            answers: false,
            codecs: "pcma,pcmu",
        }
    }
}

impl Baresip {
    /// Starts the telephone and waits until it can be driven.
    ///
    /// # Panics
    /// If baresip is not installed or does not start.
    pub fn start(setup: &Setup) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let control_port = port::free();
        let mut speech = setup.speaks.clone();
        speech.extend(std::iter::repeat_n(0, 8000 * 240)); // it hangs up when its file ends
        tone::write_wav(&home.path().join("speaks.wav"), &speech, 8000);
        std::fs::write(home.path().join("config"), config(setup, home.path(), control_port)).expect("config is written");
        std::fs::write(home.path().join("accounts"), account(setup)).expect("accounts is written");
        std::fs::write(home.path().join("contacts"), "").expect("contacts is written");
        let log = std::fs::File::create(home.path().join("log")).expect("log is created");
        let child = Command::new("baresip")
            .args(["-4", "-f"])
            .arg(home.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("log is shared"))
            .stderr(log)
            .spawn()
            .expect("baresip is installed");
        let control =
            wait::until("baresip's control port", Duration::from_secs(15), || TcpStream::connect(("127.0.0.1", control_port)).ok());
        control.set_read_timeout(Some(Duration::from_millis(20))).expect("a timeout is set");
        Self { child, control, received: Vec::new(), home }
    }

    /// Dials a SIP address.
    pub fn dial(&mut self, uri: &str) {
        self.command("dial", uri);
    }

    /// Presses a key of the keypad during a call.
    pub fn press(&mut self, key: char) {
        self.command("sndcode", &key.to_string());
    }

    /// Ends the call.
    pub fn hang_up(&mut self) {
        self.command("hangup", "");
    }

    /// Answers a ringing call.
    pub fn answer(&mut self) {
        self.command("accept", "");
    }

    /// Puts the call on hold, or takes it back.
    pub fn hold(&mut self, on: bool) {
        self.command(if on { "hold" } else { "resume" }, "");
    }

    /// Whether an event of this type (`CALL_ESTABLISHED`, `CALL_CLOSED`, `REGISTER_OK`…) was reported so far.
    pub fn saw(&mut self, event: &str) -> bool {
        let mut buffer = [0u8; 4096];
        while let Ok(n) = self.control.read(&mut buffer) {
            if n == 0 {
                break;
            }
            self.received.extend_from_slice(&buffer[..n]);
        }
        String::from_utf8_lossy(&self.received).contains(&format!("\"type\":\"{event}\""))
    }

    /// Waits for an event.
    ///
    /// # Panics
    /// If it does not come within `limit`; the telephone's log is in the message.
    pub fn expect(&mut self, event: &str, limit: Duration) {
        let start = std::time::Instant::now();
        while !self.saw(event) {
            assert!(start.elapsed() < limit, "no {event} within {limit:?}; its log:\n{}", self.log());
        }
    }

    /// Waits until the registrar has taken the telephone's registration.
    ///
    /// # Panics
    /// If it does not within `limit`; the telephone's log is in the message.
    pub fn expect_registered(&self, limit: Duration) {
        let start = std::time::Instant::now();
        while !self.log().contains("200 OK") {
            assert!(start.elapsed() < limit, "not registered within {limit:?}; its log:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Forgets the events seen so far.
    pub fn forget(&mut self) {
        self.saw("");
        self.received.clear();
    }

    /// What the telephone has heard so far in all calls, at 8 kHz.
    pub fn heard(&self) -> Vec<i16> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(self.home.path())
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.to_string_lossy().ends_with("-dec.wav"))
            .collect();
        files.sort();
        files.iter().filter_map(|path| tone::read_wav(path)).flat_map(|(samples, _)| samples).collect()
    }

    /// What baresip printed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    fn command(&mut self, command: &str, params: &str) {
        let json = format!(r#"{{"command":"{command}","params":"{params}","token":"t"}}"#);
        write!(self.control, "{}:{json},", json.len()).expect("baresip takes commands");
    }
}

impl Drop for Baresip {
    fn drop(&mut self) {
        self.command("hangup", "");
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn account(setup: &Setup) -> String {
    let encryption = setup.media_encryption.map(|m| format!(";mediaenc={m}")).unwrap_or_default();
    let answer = if setup.answers { ";answermode=auto" } else { "" };
    let common = format!("{encryption}{answer};audio_codecs={}", setup.codecs);
    let transport = setup.transport;
    match &setup.register {
        Some((registrar, password)) => {
            format!("<sip:{}@{registrar};transport={transport}>;auth_pass={password};regint=600{common}\n", setup.user)
        }
        None => format!("<sip:{}@127.0.0.1;transport={transport}>;regint=0{common}\n", setup.user),
    }
}

fn config(setup: &Setup, home: &Path, control_port: u16) -> String {
    let home = home.display();
    let srtp = if setup.media_encryption.is_some() { "module srtp.so\n" } else { "" };
    let rtp = port::free_udp_range(20);
    format!(
        "poll_method epoll\nsip_listen 127.0.0.1:0\nsip_trans_def {transport}\nsip_verify_server no\n\
         audio_player aubridge,nil\naudio_source aufile,{home}/speaks.wav\naudio_alert aubridge,nil\n\
         audio_srate 8000-8000\naudio_channels 1\nausrc_srate 8000\nauplay_srate 8000\n\
         audio_buffer 20-160\nrtp_ports {rtp}-{}\nrtcp_mux no\nrtp_timeout 0\n\
         module_path /usr/lib/baresip/modules\n\
         module g711.so\nmodule g722.so\nmodule aufile.so\nmodule aubridge.so\nmodule sndfile.so\n{srtp}\
         module_app account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n\
         ctrl_tcp_listen 127.0.0.1:{control_port}\nsnd_path {home}\n",
        rtp + 18,
        transport = setup.transport,
    )
}
