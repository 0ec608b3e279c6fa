//! A PostgreSQL server of the test's own, really started.

use crate::port;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Where Debian puts the server's programs.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// A running server. Dropping it stops it and removes its data.
pub struct Postgres {
    server: Child,
    /// How to reach it.
    pub url: String,
    _data: tempfile::TempDir,
}

impl Postgres {
    /// Makes a cluster in a temporary folder and starts it on a free port of loopback.
    ///
    /// # Panics
    /// If PostgreSQL 15 is not installed or does not start.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).expect("the folder is opened");
        let data = folder.path().join("data");
        let made = as_postgres("initdb", &["-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C", "-D"], &data).output();
        let made = made.expect("initdb is installed");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let port = port::free();
        let settings = [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".into(),
            format!("unix_socket_directories={}", folder.path().display()),
            "fsync=off".into(),
            "max_connections=60".into(),
        ];
        let mut start = as_postgres("postgres", &["-D"], &data);
        for setting in &settings {
            start.arg("-c").arg(setting);
        }
        let server = start.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("postgres starts");
        let this = Self { server, url: format!("postgres://postgres@127.0.0.1:{port}/postgres"), _data: folder };
        crate::wait::until("PostgreSQL", Duration::from_secs(30), || {
            let ready = Command::new(format!("{PROGRAMS}/pg_isready")).args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]).status();
            ready.ok().filter(std::process::ExitStatus::success)
        });
        this
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-INT", &self.server.id().to_string()]).status();
        let _ = self.server.wait();
    }
}

/// The server refuses to run as root: as root it is started as `postgres`.
fn as_postgres(program: &str, arguments: &[&str], data: &Path) -> Command {
    let path = format!("{PROGRAMS}/{program}");
    // SAFETY: geteuid has no precondition and cannot fail.
    let mut command = if unsafe { libc::geteuid() } == 0 {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=INT", &path]);
        command
    } else {
        Command::new(path)
    };
    command.args(arguments).arg(data).current_dir("/");
    command
}
