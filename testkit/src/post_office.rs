//! A post office: Dovecot with its mailboxes, and Postfix before it, each on ports of its own, in a folder of its own.
//! Whatever stands for `nobody@…` or for anybody without a mailbox comes back with a delivery report.

use crate::{port, wait};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The people who have a mailbox; the password of each is [`PASSWORD`].
pub const PEOPLE: [&str; 3] = ["helpline@cm.example.org", "rina@example.org", "bikash@example.org"];
/// Everybody's password.
pub const PASSWORD: &str = "letmein";

/// Dovecot and Postfix. Dropping it ends both.
pub struct PostOffice {
    home: tempfile::TempDir,
    /// IMAP, in the clear.
    pub imap: u16,
    /// IMAP over TLS, with the certificate of [`PostOffice::authority`].
    pub imaps: u16,
    /// SMTP.
    pub smtp: u16,
    lmtp: u16,
    introspection: Option<u16>,
}

impl PostOffice {
    /// Opens it. Both servers change users, so the tests run as root.
    ///
    /// # Panics
    /// If a server is missing or does not start; its log is in the message.
    pub fn open() -> Self {
        Self::open_with(None)
    }

    /// As [`PostOffice::open`]; Dovecot also takes access tokens (XOAUTH2), and asks about each at this port of loopback.
    ///
    /// # Panics
    /// As [`PostOffice::open`].
    pub fn open_with(introspection: Option<u16>) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let office = Self { home, imap: port::free(), imaps: port::free(), smtp: port::free(), lmtp: port::free(), introspection };
        office.furnish();
        office.start_dovecot();
        let etc = office.path("etc");
        run(Command::new("/usr/sbin/postfix").arg("-c").arg(&etc).arg("start"), "apt-get install postfix");
        for (what, port) in [("IMAP", office.imap), ("LMTP", office.lmtp), ("SMTP", office.smtp)] {
            let answers = || std::net::TcpStream::connect(("127.0.0.1", port)).ok();
            wait::until(&format!("{what} at port {port}; logs in {}", office.home.path().display()), Duration::from_secs(20), answers);
        }
        office
    }

    /// Sends a mail as a citizen's program does; `headers` are added.
    ///
    /// # Panics
    /// If Postfix does not take it.
    pub fn send(&self, from: &str, to: &str, headers: &[&str], body: &str) {
        let mut swaks = Command::new("/usr/bin/swaks");
        swaks.args(["--server", &format!("127.0.0.1:{}", self.smtp), "--from", from, "--to", to, "--body", body, "--suppress-data"]);
        for header in headers {
            swaks.args(["--header", header]);
        }
        run(&mut swaks, "apt-get install swaks");
    }

    /// Lays mails into a mailbox without any server: what a large backlog is made of.
    ///
    /// # Panics
    /// If they cannot be written.
    pub fn lay(&self, person: &str, mails: impl IntoIterator<Item = Vec<u8>>) {
        let new = self.mailbox(person).join("new");
        for folder in ["new", "cur", "tmp"] {
            std::fs::create_dir_all(self.mailbox(person).join(folder)).expect("a folder");
        }
        for (at, mail) in mails.into_iter().enumerate() {
            std::fs::write(new.join(format!("{}.M{at}.laid", 1_700_000_000 + at)), mail).expect("written");
        }
        run(Command::new("chown").args(["-R", "mail:mail"]).arg(self.path("mail")), "coreutils");
    }

    /// The mails in a person's inbox, the oldest first.
    pub fn inbox(&self, person: &str) -> Vec<String> {
        let mut files: Vec<PathBuf> = ["new", "cur"]
            .iter()
            .filter_map(|folder| std::fs::read_dir(self.mailbox(person).join(folder)).ok())
            .flat_map(|folder| folder.flatten().map(|entry| entry.path()))
            .collect();
        files.sort_by_key(|file| file.file_name().map(ToOwned::to_owned));
        files.iter().filter_map(|file| std::fs::read(file).ok()).map(|raw| String::from_utf8_lossy(&raw).into_owned()).collect()
    }

    /// How many mails of a person are marked as seen.
    pub fn seen(&self, person: &str) -> usize {
        let files = std::fs::read_dir(self.mailbox(person).join("cur"));
        files.map_or(0, |files| {
            files.flatten().filter(|f| f.file_name().to_string_lossy().split(":2,").nth(1).is_some_and(|f| f.contains('S'))).count()
        })
    }

    /// Ends Dovecot and starts it again; mailboxes stay.
    ///
    /// # Panics
    /// If it does not come back.
    pub fn restart_dovecot(&self) {
        self.stop_dovecot();
        self.start_dovecot();
        let imap = self.imap;
        wait::until("Dovecot is back", Duration::from_secs(20), || std::net::TcpStream::connect(("127.0.0.1", imap)).ok());
    }

    /// The file with the certificate that speaks for the server's own.
    pub fn authority(&self) -> PathBuf {
        self.path("tls.pem")
    }

    /// What the servers wrote.
    pub fn logs(&self) -> String {
        ["dovecot.log", "postfix.log"].map(|name| std::fs::read_to_string(self.path(name)).unwrap_or_default()).join("\n")
    }

    fn mailbox(&self, person: &str) -> PathBuf {
        self.path("mail").join(person)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn start_dovecot(&self) {
        run(Command::new("/usr/sbin/dovecot").arg("-c").arg(self.path("dovecot.conf")), "apt-get install dovecot-imapd dovecot-lmtpd");
    }

    fn stop_dovecot(&self) {
        end(&self.path("run/master.pid"));
    }

    fn furnish(&self) {
        let home = self.home.path();
        for folder in ["run", "mail", "spool", "data", "etc"] {
            std::fs::create_dir_all(home.join(folder)).expect("a folder");
        }
        run(Command::new("chmod").arg("755").arg(home), "coreutils");
        run(Command::new("chown").arg("mail:mail").arg(home.join("mail")), "coreutils");
        run(Command::new("chown").arg("postfix").arg(home.join("data")), "apt-get install postfix");
        let mut certificate = Command::new("openssl");
        certificate.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
        certificate.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
        certificate.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        certificate.arg("-keyout").arg(home.join("tls.key")).arg("-out").arg(home.join("tls.pem"));
        run(&mut certificate, "apt-get install openssl");
        let user = |person: &&str| format!("{person}:{PASSWORD}:8:8::{}/mail/{person}\n", home.display());
        put(&home.join("users"), &PEOPLE.iter().map(user).collect::<String>());
        put(&home.join("dovecot.conf"), &self.dovecot());
        put(&home.join("etc/main.cf"), &self.postfix());
        put(&home.join("etc/master.cf"), &MASTER.replace("{smtp}", &self.smtp.to_string()));
    }

    fn dovecot(&self) -> String {
        let (home, imap, imaps, lmtp) = (self.home.path().display(), self.imap, self.imaps, self.lmtp);
        let (mechanism, oauth) = match self.introspection {
            Some(port) => {
                let file = self.path("oauth.conf");
                let asks = format!("http://127.0.0.1:{port}/introspect");
                put(
                    &file,
                    &format!(
                        "introspection_mode = post\nintrospection_url = {asks}\nusername_attribute = email\nactive_attribute = active\nactive_value = true\n"
                    ),
                );
                (" xoauth2", format!("passdb {{\n driver = oauth2\n mechanisms = xoauth2\n args = {}\n}}\n", file.display()))
            }
            None => ("", String::new()),
        };
        format!(
            "base_dir = {home}/run\nstate_dir = {home}/run/state\nlog_path = {home}/dovecot.log\nprotocols = imap lmtp\nlisten = 127.0.0.1\n\
             ssl = yes\nssl_cert = <{home}/tls.pem\nssl_key = <{home}/tls.key\ndisable_plaintext_auth = no\nauth_mechanisms = plain login{mechanism}\n{oauth}\
             first_valid_uid = 1\nmail_location = maildir:{home}/mail/%u\nmail_max_userip_connections = 50\n\
             passdb {{\n driver = passwd-file\n args = scheme=PLAIN {home}/users\n}}\n\
             userdb {{\n driver = passwd-file\n args = {home}/users\n}}\n\
             recipient_delimiter = +\nnamespace inbox {{\n inbox = yes\n}}\n\
             service imap-login {{\n inet_listener imap {{\n port = {imap}\n }}\n inet_listener imaps {{\n port = {imaps}\n ssl = yes\n }}\n}}\n\
             service lmtp {{\n inet_listener lmtp {{\n address = 127.0.0.1\n port = {lmtp}\n }}\n}}\n\
             service stats {{\n unix_listener stats-writer {{\n mode = 0666\n }}\n}}\n"
        )
    }

    fn postfix(&self) -> String {
        let (home, lmtp) = (self.home.path().display(), self.lmtp);
        format!(
            "compatibility_level = 3.6\nqueue_directory = {home}/spool\ndata_directory = {home}/data\nmail_owner = postfix\n\
             myhostname = mx.cm.example.org\nmydestination =\nmynetworks = 127.0.0.0/8\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n\
             virtual_mailbox_domains = cm.example.org, example.org\nvirtual_mailbox_maps = static:ok\n\
             virtual_transport = lmtp:inet:127.0.0.1:{lmtp}\nrecipient_delimiter = +\nlocal_recipient_maps =\n\
             smtpd_recipient_restrictions = permit_mynetworks, reject\nnotify_classes =\nmaillog_file = {home}/postfix.log\n\
             maillog_file_prefixes = {home}\nmessage_size_limit = 0\nmailbox_size_limit = 0\nvirtual_mailbox_limit = 0\nalias_maps =\nalias_database =\n"
        )
    }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        end(&self.path("spool/pid/master.pid"));
        self.stop_dovecot();
    }
}

const MASTER: &str = "127.0.0.1:{smtp} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
smtp unix - - n - - smtp
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";

fn put(file: &Path, text: &str) {
    std::fs::write(file, text).expect("written");
}

/// Runs a command to its end. What it says goes to a file: a daemon that it leaves behind would keep a pipe open for ever.
fn run(command: &mut Command, mend: &str) {
    let mut said = tempfile::tempfile().expect("a file");
    let (out, err) = (said.try_clone().expect("a handle"), said.try_clone().expect("a handle"));
    let status = command.stdin(Stdio::null()).stdout(out).stderr(err).status();
    let status = status.unwrap_or_else(|why| panic!("{command:?}: {why}: {mend}"));
    if !status.success() {
        let mut text = String::new();
        let _ = said.rewind();
        let _ = said.read_to_string(&mut text);
        panic!("{command:?}: {text}: {mend}");
    }
}

/// Ends the process that wrote its number into this file, and waits until it is gone. A daemon that still waits for its
/// children after five seconds is ended together with them; it leads a group of its own.
fn end(pid_file: &Path) {
    let Ok(text) = std::fs::read_to_string(pid_file) else { return };
    let Ok(pid) = text.trim().parse::<i32>() else { return };
    // A process that nobody has waited for yet is still listed, as a zombie.
    let alive = || std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
    for (signal, target) in [("-TERM", pid), ("-KILL", -pid)] {
        let _ = Command::new("kill").args([signal, "--", &target.to_string()]).stderr(Stdio::null()).status();
        for _ in 0..250 {
            if !alive() {
                // Whoever starts the next must not take a zombie for the one that runs.
                let _ = std::fs::remove_file(pid_file);
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
