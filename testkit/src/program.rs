//! The program itself, started for a test as a user starts it.

use crate::{port, wait};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// `daak serve` on ports of its own, with data in a folder of its own. Dropping it ends the process.
pub struct Program {
    child: Child,
    binary: PathBuf,
    config: PathBuf,
    extra: Vec<String>,
    lines: Arc<Mutex<Vec<String>>>,
    /// HTTP port.
    pub http: u16,
    /// SIP port, UDP and TCP.
    pub sip: u16,
    /// SIP port for TLS.
    pub sips: u16,
    home: Arc<tempfile::TempDir>,
}

impl Program {
    /// Writes a configuration and starts the program. `settings` is TOML that is added to what the
    /// test needs (addresses, data folder); `{home}` in it becomes the folder.
    ///
    /// # Panics
    /// If it is not ready within a minute; its output is in the message.
    pub fn start(binary: &str, settings: &str) -> Self {
        Self::start_with(binary, settings, &[])
    }

    /// As [`Program::start`], with further arguments to `serve`.
    ///
    /// # Panics
    /// As [`Program::start`].
    pub fn start_with(binary: &str, settings: &str, extra: &[&str]) -> Self {
        let home = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        let (http, sip, sips, rtp) = (port::free(), port::free(), port::free(), port::free_udp_range(200));
        let config = home.path().join("daak.toml");
        let text = format!(
            "{}\n[http]\nlisten = \"127.0.0.1:{http}\"\n\n[rtp]\nports = \"{rtp}-{}\"\n",
            settings
                .replace("{home}", &home.path().display().to_string())
                .replace("{sip}", &sip.to_string())
                .replace("{sips}", &sips.to_string()),
            rtp + 199
        );
        std::fs::write(&config, text).expect("the configuration is written");
        let extra: Vec<String> = extra.iter().map(|s| (*s).to_owned()).collect();
        let lines = Arc::default();
        let child = spawn(Path::new(binary), &config, home.path(), &extra, &lines);
        let mut program = Self { child, binary: binary.into(), config, extra, lines, http, sip, sips, home };
        program.wait_ready();
        program
    }

    /// Ends the process at once (SIGKILL), as a power cut would, and starts it again on the same data.
    ///
    /// # Panics
    /// If it does not become ready again.
    pub fn kill_and_restart(&mut self) {
        self.kill();
        self.lines.lock().expect("no panic while locked").clear();
        self.child = spawn(&self.binary, &self.config, self.home.path(), &self.extra, &self.lines);
        self.wait_ready();
    }

    /// Ends the process at once (SIGKILL).
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The folder with its data.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// What it has printed so far.
    pub fn output(&self) -> String {
        self.lines.lock().expect("no panic while locked").join("\n")
    }

    /// The address of a page or call: `url("/healthz")`.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.http)
    }

    /// Runs another command of the program on the same configuration and data, and answers what it printed.
    ///
    /// # Panics
    /// If the command fails.
    pub fn run(&self, arguments: &[&str], input: &str) -> String {
        use std::io::Write;
        let mut child = Command::new(&self.binary)
            .args(arguments)
            .env("DAAK_CONFIG", &self.config)
            .env("DAAK_DATA", self.home.path().join("data"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "daak {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Asks the program over HTTP; answers status and body.
    ///
    /// # Panics
    /// If it does not answer.
    pub fn ask(&self, method: &str, path: &str, token: &str, body: &str) -> (u16, Vec<u8>) {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", self.http)).expect("the program listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout is set");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a head") + 4;
        let status = std::str::from_utf8(&answer[9..12]).ok().and_then(|s| s.parse().ok()).expect("a status");
        (status, answer.split_off(end))
    }

    fn wait_ready(&mut self) {
        let start = std::time::Instant::now();
        while !answers(self.http) {
            let ended = self.child.try_wait().ok().flatten();
            assert!(ended.is_none() && start.elapsed() < Duration::from_secs(60), "not ready ({ended:?}); it printed:\n{}", self.output());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(binary: &Path, config: &Path, home: &Path, extra: &[String], lines: &Arc<Mutex<Vec<String>>>) -> Child {
    let mut child = Command::new(binary)
        .arg("serve")
        .arg("--config")
        .arg(config)
        .arg("--data")
        .arg(home.join("data"))
        .args(extra)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let (out, err) = (child.stdout.take(), child.stderr.take());
    collect(out, lines);
    collect(err, lines);
    child
}

fn collect(pipe: Option<impl std::io::Read + Send + 'static>, lines: &Arc<Mutex<Vec<String>>>) {
    let lines = lines.clone();
    if let Some(pipe) = pipe {
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                lines.lock().expect("no panic while locked").push(line);
            }
        });
    }
}

fn answers(http: u16) -> bool {
    use std::io::{Read, Write};
    let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", http)) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let _ = stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let mut answer = [0u8; 12];
    stream.read_exact(&mut answer).is_ok() && answer.ends_with(b"200")
}

/// Waits until `ready` answers, for at most `seconds`.
///
/// # Panics
/// With `what`, if the limit passes.
pub fn eventually<T>(what: &str, seconds: u64, ready: impl FnMut() -> Option<T>) -> T {
    wait::until(what, Duration::from_secs(seconds), ready)
}
