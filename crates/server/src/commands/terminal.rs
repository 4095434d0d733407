//! What is asked at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use anyhow::{Context as _, bail};
use auth::MAX_PASSWORD_BYTES;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret as _, SecretString};

/// No longer line is read: a password that is too long is seen to be so.
const LONGEST_LINE: u64 = MAX_PASSWORD_BYTES as u64 + 16;

/// A new password: the first line of standard input, or typed twice at the terminal, where it is
/// not shown.
pub(crate) async fn new_password(from_stdin: bool) -> anyhow::Result<SecretString> {
    if from_stdin {
        return line().await;
    }
    if !io::stdin().is_terminal() {
        bail!("there is no terminal to ask for the password; pipe it in with --password-stdin");
    }
    let hidden = Hidden::new().context("the terminal goes on showing what is typed")?;
    let password = ask("New password: ").await?;
    let again = ask("Once more: ").await?;
    drop(hidden);
    if password.expose_secret() != again.expose_secret() {
        bail!("the two passwords differ; nothing was changed");
    }
    Ok(password)
}

/// Whether a question is answered with yes. Without a terminal it is not.
pub(crate) async fn confirm(question: &str) -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    let answer = ask(&format!("{question} [y/N] ")).await?;
    let answer = answer.expose_secret().trim().to_lowercase();
    Ok(matches!(answer.as_str(), "y" | "yes"))
}

async fn ask(question: &str) -> anyhow::Result<SecretString> {
    let mut out = io::stderr();
    out.write_all(question.as_bytes()).and_then(|()| out.flush())?;
    line().await
}

/// One line of standard input, without its end.
async fn line() -> anyhow::Result<SecretString> {
    aside(read_line).await?.context("standard input cannot be read")
}

/// Does what may wait for a person for ever, while signals are heeded.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<T> {
    let (send, receive) = tokio::sync::oneshot::channel();
    // The end of the runtime would wait for one of its own threads until a person presses Enter;
    // this one does not outlive the program.
    std::thread::Builder::new()
        .name("terminal".to_owned())
        .spawn(move || send.send(work()).is_ok())
        .context("a thread cannot be started")?;
    receive.await.context("reading ended")
}

fn read_line() -> io::Result<SecretString> {
    let mut line = String::new();
    io::stdin().lock().take(LONGEST_LINE).read_line(&mut line)?;
    let text = line
        .strip_suffix('\n')
        .map_or(line.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    Ok(SecretString::from(text.to_owned()))
}

/// A terminal that does not show what is typed, as long as this exists.
struct Hidden(Termios);

impl Hidden {
    fn new() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        // The end of the line is shown.
        hidden.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Flush, &hidden)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Nobody is left to tell if this fails.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
