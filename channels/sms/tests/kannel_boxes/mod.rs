//! Kannel's two boxes on free ports, and the HTTP servers of a test that they call.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::net::TcpListener as StdListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

pub const LIMIT: Duration = Duration::from_secs(20);

/// A running bearerbox with its smsbox. Dropping it ends both.
pub struct Kannel {
    boxes: Vec<Child>,
    /// Where `sendsms` is asked.
    pub sendsms: u16,
    home: tempfile::TempDir,
}

/// Ports that a configuration needs.
#[derive(Clone, Copy)]
pub struct Ports {
    pub admin: u16,
    pub boxes: u16,
    pub inbound: u16,
    pub sendsms: u16,
}

impl Kannel {
    pub async fn start(configuration: impl Fn(Ports) -> String) -> Self {
        // Ports are free when chosen and may be taken a moment later by somebody else: then another set is tried.
        let mut log = String::new();
        for _ in 0..5 {
            let home = tempfile::tempdir().unwrap();
            let ports = free_ports();
            let file = home.path().join("kannel.conf");
            std::fs::write(&file, configuration(ports)).unwrap();
            let mut kannel = Self { boxes: vec![program("bearerbox", &file, home.path())], sendsms: ports.sendsms, home };
            if reachable(ports.admin, &mut kannel.boxes).await && reachable(ports.boxes, &mut kannel.boxes).await {
                kannel.boxes.push(program("smsbox", &file, kannel.home.path()));
                if reachable(ports.sendsms, &mut kannel.boxes).await {
                    return kannel;
                }
            }
            for name in ["bearerbox.log", "smsbox.log"] {
                log += &std::fs::read_to_string(kannel.home.path().join(name)).unwrap_or_default();
            }
        }
        panic!("Kannel did not start: {log}");
    }

    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        for child in self.boxes.iter_mut().rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
        self.boxes.clear();
    }
}

impl Drop for Kannel {
    fn drop(&mut self) {
        self.end();
    }
}

fn program(name: &str, configuration: &Path, home: &Path) -> Child {
    let log = std::fs::File::create(home.join(format!("{name}.log"))).unwrap();
    Command::new(format!("/usr/sbin/{name}"))
        .args(["-v", "1"])
        .arg(configuration)
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .expect("Kannel is needed for this test: apt-get install kannel")
}

fn free_ports() -> Ports {
    let held = [(); 4].map(|()| StdListener::bind("127.0.0.1:0").unwrap());
    let [admin, boxes, inbound, sendsms] = held.each_ref().map(|listener| listener.local_addr().unwrap().port());
    Ports { admin, boxes, inbound, sendsms }
}

async fn reachable(port: u16, kannel: &mut [Child]) -> bool {
    let up = async {
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if kannel.iter_mut().any(|child| child.try_wait().unwrap().is_some()) {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        true
    };
    tokio::time::timeout(LIMIT, up).await.unwrap_or(false)
}

/// A small HTTP server that answers everything with 202 and hands on the queries.
pub async fn listen(answer: &'static str) -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = mpsc::channel(100);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.windows(4).any(|w| w == b"\r\n\r\n") {
                let mut chunk = [0; 4096];
                match stream.read(&mut chunk).await {
                    Ok(n) if n > 0 => head.extend_from_slice(&chunk[..n]),
                    _ => break,
                }
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let target = head.split(' ').nth(1).unwrap_or_default();
            if let Some((_, query)) = target.split_once('?') {
                let _ = sender.try_send(query.to_owned());
            }
            let reply = format!("HTTP/1.1 202 Accepted\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}", answer.len());
            let _ = stream.write_all(reply.as_bytes()).await;
        }
    });
    (port, receiver)
}
