//! The command as its users start it: in an environment that the test chose, without input, and not for ever.

use super::scratch;
use serde_json::Value;
use std::io::{BufRead, BufReader, Lines, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::sync::{LazyLock, mpsc};
use std::thread;
use std::time::Duration;

/// The longest call, a self-check of all mutants, takes half a minute on two cores; whatever takes this long hangs.
const LIMIT: Duration = Duration::from_secs(300);

/// The width of every screen.
const COLUMNS: &str = "100";

/// The command under test: the one that was built with the tests, or the one that the variable names. CI names the optimised one,
/// which is the one that users have.
pub(crate) fn tested() -> &'static str {
    static TESTED: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("TRENTCHECK_TESTED").ok());
    TESTED.as_deref().unwrap_or(env!("CARGO_BIN_EXE_trentcheck"))
}

/// Runs the command, in the folder of this test.
#[track_caller]
pub(crate) fn trentcheck(arguments: &[&str]) -> Output {
    trentcheck_with(&[], arguments)
}

/// Runs the command with these variables, in the folder of this test.
#[track_caller]
pub(crate) fn trentcheck_with(variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    trentcheck_in(&scratch::folder(), variables, arguments)
}

/// Runs the command with these variables, in this folder.
#[track_caller]
pub(crate) fn trentcheck_in(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    finished(program(tested(), folder, variables).args(arguments))
}

/// Runs the command with these variables in the folder of this test, apart from the runtime that serves its target.
pub(crate) async fn trentcheck_apart(variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = program(tested(), &scratch::folder(), variables);
    command.args(arguments);
    apart(command).await
}

/// Runs a program, apart from the runtime that serves its target.
pub(crate) async fn apart(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || finished(&mut command)).await.unwrap()
}

/// Has a shell run a line that was printed, apart from the runtime that serves its target.
pub(crate) async fn shell(variables: &[(&str, &str)], line: &str) -> Output {
    apart(pasted(variables, line)).await
}

/// A shell that runs a line that was printed, as for a person who pastes it.
pub(crate) fn pasted(variables: &[(&str, &str)], line: &str) -> Command {
    let folder = Path::new(tested()).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let mut command = program("sh", &scratch::folder(), variables);
    command.env("PATH", path).args(["-c", line]);
    command
}

/// A program with these variables and none of those that change what the command does, without input.
pub(crate) fn program(program: &str, folder: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let is_ours = text.starts_with("TRENTCHECK_") || text.starts_with("AWS_");
        let is_known =
            ["CI", "GITHUB_STEP_SUMMARY", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "XDG_STATE_HOME"].contains(&&*text);
        if is_ours || is_known || text.to_lowercase().ends_with("_proxy") {
            command.env_remove(&name);
        }
    }
    // No profile of the person who runs the tests.
    command.env("HOME", folder).env("COLUMNS", COLUMNS).envs(variables.iter().copied());
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// What a program printed, and how it ended.
#[track_caller]
pub(crate) fn finished(command: &mut Command) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdout = whole(child.stdout.take().unwrap());
    let stderr = whole(child.stderr.take().unwrap());
    // A program closes its streams when it ends.
    let (stdout, stderr) = (stdout.recv_timeout(LIMIT), stderr.recv_timeout(LIMIT));
    let (Ok(stdout), Ok(stderr)) = (stdout, stderr) else {
        let _ = child.kill();
        panic!("{command:?} did not end within {LIMIT:?}");
    };
    Output { status: child.wait().unwrap(), stdout, stderr }
}

/// Everything that comes out of a stream, once it is closed.
fn whole(mut stream: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    receiver
}

/// `trentcheck serve`, stopped when this is dropped.
pub(crate) struct Served {
    child: Child,
    stderr: Lines<BufReader<ChildStderr>>,
    /// Kept, so that the server can write to it.
    _stdout: BufReader<ChildStdout>,
    /// Where it listens.
    pub(crate) url: String,
}

impl Served {
    /// Starts it with these flags, and waits until it listens.
    #[track_caller]
    pub(crate) fn start(flags: &[&str]) -> Self {
        let mut command = program(tested(), &scratch::folder(), &[]);
        command.arg("serve").args(flags).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}")).to_owned();
        Self { child, stderr, _stdout: stdout, url }
    }

    /// The next line of its stderr.
    pub(crate) fn stderr_line(&mut self) -> Option<String> {
        self.stderr.next().map(Result::unwrap)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Bytes of a stream as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Everything that a call printed.
pub(crate) fn said(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

/// The JSON that a call printed.
#[track_caller]
pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

/// The one run of the report that a call printed.
#[track_caller]
pub(crate) fn json_run(output: &Output) -> Value {
    json(output)["runs"][0].clone()
}

/// Why cases of a report have no verdict.
pub(crate) fn reasons(report: &Value) -> String {
    let cases = report["cases"].as_array().unwrap();
    cases.iter().filter_map(|case| Some(format!("\n{}: {}", case["id"], case["reason"].as_str()?))).collect()
}
