//! A virus scanner that is asked before files are stored: clamd, by its command `INSTREAM`.

use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A scanner at `host:port`.
#[derive(Debug, Clone)]
pub struct Clamd {
    address: String,
}

/// What it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// Something, by its name.
    Something(String),
}

/// Longest look at one mail.
const LIMIT: Duration = Duration::from_secs(60);

impl Clamd {
    /// The scanner at an address such as `127.0.0.1:3310`.
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into() }
    }

    /// Looks at a whole mail.
    ///
    /// # Errors
    /// A sentence if it does not answer, or does not want to look: nothing is known then.
    pub async fn look(&self, content: &[u8]) -> Result<Found, String> {
        let answer = match tokio::time::timeout(LIMIT, self.ask(content)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(why)) => {
                return Err(format!(
                    "the virus scanner at {} does not answer ({why}): start clamd, or leave email.clamd out",
                    self.address
                ));
            }
            Err(_) => return Err(format!("the virus scanner at {} does not answer in time", self.address)),
        };
        let answer = answer.trim_matches(['\0', '\n', ' ']).trim_start_matches("stream: ");
        if answer == "OK" {
            return Ok(Found::Nothing);
        }
        match answer.strip_suffix(" FOUND") {
            Some(name) => Ok(Found::Something(name.chars().filter(|c| !c.is_control()).take(100).collect())),
            None => Err(format!("the virus scanner could not look: {}", answer.chars().take(200).collect::<String>())),
        }
    }

    async fn ask(&self, content: &[u8]) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(&self.address).await?;
        stream.write_all(b"zINSTREAM\0").await?;
        for piece in content.chunks(64 * 1024) {
            stream.write_all(&(piece.len() as u32).to_be_bytes()).await?;
            stream.write_all(piece).await?;
        }
        stream.write_all(&[0; 4]).await?;
        let mut answer = Vec::new();
        stream.take(4_096).read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// A scanner that reads what clamd's manual says, and finds what says EICAR.
    async fn scanner() -> Clamd {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut command = [0; 10];
                stream.read_exact(&mut command).await.expect("a command");
                assert_eq!(&command, b"zINSTREAM\0");
                let mut all = Vec::new();
                loop {
                    let mut length = [0; 4];
                    stream.read_exact(&mut length).await.expect("a length");
                    let length = u32::from_be_bytes(length) as usize;
                    if length == 0 {
                        break;
                    }
                    let mut piece = vec![0; length];
                    stream.read_exact(&mut piece).await.expect("a piece");
                    all.extend(piece);
                }
                let found = all.windows(5).any(|window| window == b"EICAR");
                let answer: &[u8] = if found { b"stream: Win.Test.EICAR_HDB-1 FOUND\0" } else { b"stream: OK\0" };
                stream.write_all(answer).await.expect("it is read");
            }
        });
        Clamd::new(address)
    }

    #[tokio::test]
    async fn what_is_found_is_named_and_silence_is_no_answer() {
        let clamd = scanner().await;
        assert_eq!(clamd.look(&[b'x'; 200_000]).await, Ok(Found::Nothing));
        assert_eq!(clamd.look(b"an EICAR file").await, Ok(Found::Something("Win.Test.EICAR_HDB-1".into())));
        assert!(Clamd::new("127.0.0.1:1").look(b"x").await.is_err());
    }
}
