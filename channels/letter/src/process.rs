//! Other people's programs, held on a short leash: time, memory, output, niceness.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a program may use.
#[derive(Debug, Clone, Copy)]
pub struct Leash {
    /// Wall time; a CPU limit of the same length stands behind it.
    pub time: Duration,
    /// Address space in MiB.
    pub memory_mib: u64,
    /// Largest output in MiB.
    pub output_mib: u64,
}

/// Why a program gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It is not there.
    #[error("{0} is not installed")]
    Absent(String),
    /// It took too long.
    #[error("{0} was not done within its time")]
    Late(String),
    /// It ended badly; the last line that it said.
    #[error("{0} gave up: {1}")]
    Failed(String, String),
    /// Files or processes are not to be had right now.
    #[error("the system cannot start a program: {0}")]
    System(#[from] std::io::Error),
}

/// What a program wrote.
pub struct Answer {
    /// Its output.
    pub output: Vec<u8>,
    /// Its complaints.
    pub said: String,
}

/// Runs `program` on `input`. All three streams are unnamed files, so that neither side waits for the other; limits are
/// set by `prlimit` (util-linux, on every Debian). The niceness is that of the calling thread.
///
/// # Errors
/// [`ProcessError`]; the program is gone in every case.
pub fn run(program: &str, arguments: &[&str], input: Option<&[u8]>, leash: Leash) -> Result<Answer, ProcessError> {
    let mut handed = tempfile::tempfile()?;
    if let Some(input) = input {
        handed.write_all(input)?;
        handed.rewind()?;
    }
    let (mut output, mut complaints) = (tempfile::tempfile()?, tempfile::tempfile()?);
    let mib = 1024 * 1024;
    let mut child = Command::new("prlimit")
        .arg(format!("--as={}", leash.memory_mib * mib))
        .arg(format!("--cpu={}", leash.time.as_secs() + 1))
        .arg(format!("--fsize={}", leash.output_mib * mib))
        .args(["--core=0", "--nofile=64", "--", program])
        .args(arguments)
        .env("OMP_THREAD_LIMIT", "1")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::from(handed))
        .stdout(Stdio::from(output.try_clone()?))
        .stderr(Stdio::from(complaints.try_clone()?))
        .spawn()
        .map_err(|why| if why.kind() == std::io::ErrorKind::NotFound { ProcessError::Absent("prlimit".into()) } else { why.into() })?;
    let begun = Instant::now();
    let mut pause = Duration::from_millis(1);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if begun.elapsed() > leash.time {
            let _ = child.kill();
            let _ = child.wait();
            return Err(ProcessError::Late(program.to_owned()));
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    };
    let said = text(&mut complaints)?;
    if !status.success() {
        if said.contains("failed to execute") || said.contains("No such file or directory") && said.starts_with("prlimit") {
            return Err(ProcessError::Absent(program.to_owned()));
        }
        let last = said.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("it said nothing").trim();
        return Err(ProcessError::Failed(program.to_owned(), last.chars().take(200).collect()));
    }
    output.rewind()?;
    let mut answer = Vec::new();
    output.read_to_end(&mut answer)?;
    Ok(Answer { output: answer, said })
}

/// The first few thousand letters of a stream.
fn text(stream: &mut File) -> std::io::Result<String> {
    stream.rewind()?;
    let mut bytes = Vec::new();
    stream.take(8192).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASH: Leash = Leash { time: Duration::from_secs(20), memory_mib: 512, output_mib: 1 };

    #[test]
    fn a_program_answers_is_missing_fails_or_is_stopped() {
        assert_eq!(run("cat", &[], Some(b"hello"), LEASH).expect("cat is there").output, b"hello");
        assert!(matches!(run("no-such-program", &[], None, LEASH), Err(ProcessError::Absent(name)) if name == "no-such-program"));
        assert!(matches!(run("cat", &["/nonexistent"], None, LEASH), Err(ProcessError::Failed(_, said)) if said.contains("nonexistent")));
        let short = Leash { time: Duration::from_millis(50), ..LEASH };
        assert!(matches!(run("sleep", &["60"], None, short), Err(ProcessError::Late(_))));
    }

    #[test]
    fn output_and_memory_have_an_end() {
        assert!(run("head", &["-c", "3000000", "/dev/zero"], None, LEASH).is_err());
        assert!(run("head", &["-c", "900000", "/dev/zero"], None, LEASH).is_ok());
        assert!(run("sort", &["-S", "2G", "/dev/zero"], None, Leash { memory_mib: 64, ..LEASH }).is_err());
    }
}
