//! A pretend mail server: takes what is sent by SMTP, from anybody to anybody, and keeps the latest letters in memory.
//!
//! It promises to speak as much SMTP as senders of notices use, and to read what they send: plain text, in any of the
//! usual encodings. It delivers nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// How many letters are kept.
const MOST_LETTERS: usize = 200;
/// The longest letter that is taken.
const MOST_BYTES: usize = 1_000_000;

/// A letter that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Who sent it, as the letter says.
    pub from: String,
    /// Who gets it.
    pub to: Vec<String>,
    /// What it is about.
    pub subject: String,
    /// Its `Message-ID`.
    pub message_id: String,
    /// What it says.
    pub text: String,
}

/// Letters that were taken, the latest last. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Mailbox {
    letters: Arc<Mutex<VecDeque<Letter>>>,
}

/// A mailbox that is listening, until it is dropped.
#[derive(Debug)]
pub struct MailServer {
    /// What was taken.
    pub mailbox: Mailbox,
    /// Where it listens, in the clear.
    pub address: SocketAddr,
    is_down: Arc<AtomicBool>,
    serving: JoinHandle<()>,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl MailServer {
    /// Listens on a free port of this machine.
    pub async fn start() -> std::io::Result<MailServer> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let mailbox = Mailbox::default();
        let into = mailbox.clone();
        let is_down = Arc::new(AtomicBool::new(false));
        let hangs_up = Arc::clone(&is_down);
        let serving = tokio::spawn(async move {
            let mut talks = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                if hangs_up.load(Ordering::Relaxed) {
                    continue;
                }
                let into = into.clone();
                talks.spawn(async move {
                    // Whoever hangs up midway sent nothing.
                    let _ = into.talk(stream, false).await;
                });
                while talks.try_join_next().is_some() {}
            }
        });
        Ok(MailServer {
            mailbox,
            address,
            is_down,
            serving,
        })
    }

    /// Hangs up on everybody, as a server that is down behind its address, until told otherwise.
    pub fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::Relaxed);
    }
}

/// How a conversation ended.
pub enum TalkEnd<S> {
    /// By a farewell, or because the other side was gone.
    Over,
    /// The other side wants TLS now, on this stream.
    StartTls(S),
}

impl Mailbox {
    /// The letters that were taken, the latest last.
    pub fn letters(&self) -> Vec<Letter> {
        let letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        letters.iter().cloned().collect()
    }

    fn keep(&self, letter: Letter) {
        let mut letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        letters.push_back(letter);
        if letters.len() > MOST_LETTERS {
            letters.pop_front();
        }
    }

    /// Greets and takes letters from one sender.
    pub async fn talk<S>(&self, mut stream: S, offers_tls: bool) -> std::io::Result<TalkEnd<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        stream.write_all(b"220 pretend mail server\r\n").await?;
        self.go_on(stream, offers_tls).await
    }

    /// Takes letters from a sender that was greeted before, as after STARTTLS.
    pub async fn go_on<S>(&self, stream: S, offers_tls: bool) -> std::io::Result<TalkEnd<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut stream = BufReader::new(stream);
        let mut to = Vec::new();
        loop {
            let mut line = String::new();
            let limit = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
            if (&mut stream).take(limit).read_line(&mut line).await? == 0 {
                return Ok(TalkEnd::Over);
            }
            let word = line.split([' ', ':']).next().unwrap_or_default().trim();
            let answer = match word.to_ascii_uppercase().as_str() {
                "EHLO" if offers_tls => "250-here\r\n250-8BITMIME\r\n250 STARTTLS\r\n",
                "EHLO" => "250-here\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN\r\n",
                "STARTTLS" if offers_tls => {
                    stream.write_all(b"220 go on\r\n").await?;
                    return Ok(TalkEnd::StartTls(stream.into_inner()));
                }
                "AUTH" => "235 welcome\r\n",
                "MAIL" => {
                    to.clear();
                    "250 well\r\n"
                }
                "RCPT" => {
                    let address = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
                    to.extend(address.map(|(address, _)| address.to_owned()));
                    "250 well\r\n"
                }
                "DATA" => {
                    stream.write_all(b"354 say it\r\n").await?;
                    let Some(data) = data(&mut stream).await? else {
                        return Ok(TalkEnd::Over);
                    };
                    self.keep(letter(&data, std::mem::take(&mut to)));
                    "250 kept\r\n"
                }
                "QUIT" => {
                    stream.write_all(b"221 farewell\r\n").await?;
                    return Ok(TalkEnd::Over);
                }
                "HELO" | "RSET" | "NOOP" => "250 well\r\n",
                _ => "502 not spoken here\r\n",
            };
            stream.write_all(answer.as_bytes()).await?;
        }
    }
}

/// The text of a letter up to its lone dot; `None` when the sender was gone before.
async fn data<S>(stream: &mut BufReader<S>) -> std::io::Result<Option<String>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut text = Vec::new();
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 || text.len() > MOST_BYTES {
            return Ok(None);
        }
        match line.strip_prefix(b".") {
            Some(b"\r\n" | b"\n") => return Ok(Some(String::from_utf8_lossy(&text).into_owned())),
            Some(stuffed) => text.extend_from_slice(stuffed),
            None => text.extend_from_slice(&line),
        }
    }
}

fn letter(data: &str, to: Vec<String>) -> Letter {
    let (head, body) = data.split_once("\r\n\r\n").unwrap_or((data, ""));
    // A header goes on in lines that begin with a space.
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let header = |wanted: &str| {
        let found = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
        });
        found.unwrap_or_default()
    };
    let text = match header("Content-Transfer-Encoding").to_ascii_lowercase().as_str() {
        "base64" => {
            let packed: String = body.split_whitespace().collect();
            let bytes = STANDARD.decode(packed).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        }
        "quoted-printable" => quoted_printable(body),
        _ => body.to_owned(),
    };
    Letter {
        from: header("From"),
        to,
        subject: encoded_words(&header("Subject")),
        message_id: header("Message-ID"),
        text: text.replace("\r\n", "\n"),
    }
}

/// Text in which `=E2=80=A6` stands for bytes, and `=` at a line's end for no end.
fn quoted_printable(text: &str) -> String {
    let text = text.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after
            .get(..2)
            .filter(|_| *first == b'=')
            .and_then(|code| std::str::from_utf8(code).ok())
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A header in which `=?utf-8?b?…?=` stands for words; spaces between two of them are none.
fn encoded_words(header: &str) -> String {
    let mut text = String::new();
    let mut was_encoded = false;
    for word in header.split(' ') {
        let coded = word.strip_prefix("=?").and_then(|word| word.strip_suffix("?="));
        let mut parts = coded.unwrap_or_default().splitn(3, '?').skip(1);
        let decoded = match (parts.next(), parts.next()) {
            (Some("b" | "B"), Some(packed)) => STANDARD
                .decode(packed)
                .ok()
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            (Some("q" | "Q"), Some(quoted)) => Some(quoted_printable(&quoted.replace('_', " "))),
            _ => None,
        };
        let goes_on = was_encoded && decoded.is_some();
        if !(text.is_empty() || goes_on) {
            text.push(' ');
        }
        was_encoded = decoded.is_some();
        text.push_str(decoded.as_deref().unwrap_or(word));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_read() {
        assert_eq!(encoded_words("=?utf-8?b?w7Y=?= =?utf-8?b?w6Q=?= ok"), "öä ok");
        assert_eq!(quoted_printable("a=E2=80=A6=\r\nb = c=3D"), "a…b = c=");
    }

    #[tokio::test]
    async fn a_letter_is_taken_whole_and_whoever_hangs_up_midway_sent_none() {
        let server = MailServer::start().await.unwrap();
        let say = async |text: &str| {
            let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
            stream.write_all(text.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        };
        let begin = "EHLO me\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n";
        say(&format!("{begin}Subject: half")).await;
        let answer = say(&format!(
            "{begin}Subject: whole\r\n\r\none\r\n..two\r\n.\r\nQUIT\r\n"
        ))
        .await;
        assert!(answer.ends_with("221 farewell\r\n"), "{answer}");
        let letters = server.mailbox.letters();
        assert_eq!(letters.len(), 1, "{letters:?}");
        assert_eq!(
            (letters[0].subject.as_str(), letters[0].text.as_str()),
            ("whole", "one\n.two\n")
        );
        assert_eq!(letters[0].to, ["c@d.example"]);
    }
}
