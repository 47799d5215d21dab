//! Judged exchanges at full speed: sign, send, observe, normalise, compare. `exchange.py` sets the figures beside those of
//! other clients at the same server.
//!
//! ```sh
//! cargo run --release -p trentcheck-benches -- serve
//! cargo run --release -p trentcheck-benches -- judge http://127.0.0.1:PORT wire 64 100000
//! ```
//!
//! The first serves one fixed answer and prints its URL. The second makes so many exchanges on so many connections, and
//! prints how many came in a second, the CPU time of one in microseconds, and the most memory of the process in KiB.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on should say where")]
#![expect(clippy::print_stdout, reason = "it is its result")]

use std::sync::Arc;
use std::time::{Instant, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use trentcheck_core::compare::{Context, Naming, Place, judge};
use trentcheck_core::fixture::{Case, Corpus, Edition, RequestChange};
use trentcheck_core::http::Request;
use trentcheck_core::normalise::{Redactor, request_lines, response_lines};
use trentcheck_core::observe::observe;
use trentcheck_core::plan::{KeyNames, World, plan};
use trentcheck_core::send::{Endpoint, Exchange, Lane, Limits, Sender, Tls};
use trentcheck_core::sign::{Credentials, Signing, SigningKeys, sign_plainly};
use trentcheck_core::text::TargetText;

const ARN: &str = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// Requests that are signed before they go out on one connection, one after another.
const BATCH: usize = 50;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match words[..] {
        ["serve"] => runtime.block_on(serve()),
        ["judge", url, lane, connections, exchanges] => {
            let lane = if lane == "http" { Lane::Http } else { Lane::Wire };
            let (connections, exchanges) = (connections.parse().unwrap(), exchanges.parse().unwrap());
            runtime.block_on(measured(url, lane, connections, exchanges));
        }
        _ => println!("arguments: serve, or judge URL wire|http CONNECTIONS EXCHANGES"),
    }
}

/// Serves the answer that most requests for an absent key get.
async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    let body = format!(r#"{{"__type":"NotFoundException","message":"Key '{ARN}' does not exist"}}"#);
    let answer = |more: &str| {
        format!(
            "HTTP/1.1 400 Bad Request\r\nx-amzn-RequestId: 5c1b1f3c-8d1e-4d6c-9b3e-0a1b2c3d4e5f\r\nDate: Mon, 24 Nov 2025 16:00:00 GMT\r\nContent-Type: application/x-amz-json-1.1\r\n{more}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    };
    let answers: &'static Answers =
        Box::leak(Box::new(Answers { kept: answer(""), last: answer("Connection: close\r\n") }));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        tokio::spawn(answered(stream, answers));
    }
}

/// The same answer to a request that keeps its connection, and to one that does not.
struct Answers {
    kept: Vec<u8>,
    last: Vec<u8>,
}

/// Answers each request that is complete, until the connection ends.
async fn answered(mut stream: TcpStream, answers: &Answers) {
    let mut received = Vec::new();
    let mut buffer = [0; 16 * 1024];
    while let Ok(1..) = stream.read(&mut buffer).await.inspect(|length| received.extend_from_slice(&buffer[..*length]))
    {
        while let Some((length, is_last)) = first_request(&received) {
            received.drain(..length);
            let answer = if is_last { &answers.last } else { &answers.kept };
            if stream.write_all(answer).await.is_err() || is_last {
                return;
            }
        }
    }
}

/// How long the first request is, if it is complete, and whether it is the last one of its connection.
fn first_request(received: &[u8]) -> Option<(usize, bool)> {
    let head = received.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&received[..head]).ok()?.to_ascii_lowercase();
    let length = text.split("content-length:").nth(1).and_then(|rest| rest.lines().next()).unwrap_or("0");
    let whole = head + length.trim().parse::<usize>().ok()?;
    (received.len() >= whole).then_some((whole, text.contains("connection: close")))
}

/// One client of the harness.
struct Client {
    sender: Sender,
    corpus: &'static Corpus,
    case: &'static Case,
    world: World,
    keys: SigningKeys,
    redactor: Redactor,
}

impl Client {
    fn of(url: &str) -> Self {
        let endpoint = Endpoint::parse(url).unwrap();
        let corpus = Corpus::built_in();
        let Credentials { access_key_id, secret_access_key, .. } = Credentials::dummy();
        let world = World {
            key: Some(KeyNames::of("1234abcd-12ab-34cd-56ef-1234567890ab", ARN.parse().unwrap())),
            region: "us-east-2".to_owned(),
            host: endpoint.authority(),
            ..World::default()
        };
        Self {
            sender: Sender::new(endpoint, Tls::default(), Limits::default()).unwrap(),
            corpus,
            case: corpus.case("example/absent-key").unwrap(),
            world,
            keys: SigningKeys::default(),
            redactor: Redactor::new([(access_key_id, "<access-key-id>"), (secret_access_key, "<secret-access-key>")]),
        }
    }

    fn signed(&self) -> Request {
        let planned = plan(&self.corpus.operation, &RequestChange::default(), &self.world).unwrap();
        let signing = Signing::of(&planned, Credentials::dummy(), "us-east-2", SystemTime::now());
        sign_plainly(planned.request, &signing, &self.keys).unwrap()
    }

    /// Whether the answer is right, and how long its lines are.
    fn judged(&self, request: &Request, exchange: &Exchange) -> (bool, usize) {
        let response = exchange.result.as_ref().unwrap();
        let (sent, received) = (request_lines(request, &self.redactor), response_lines(response, &self.redactor));
        let place = Place::<TargetText>::answer();
        let context = Context {
            corpus: self.corpus,
            edition: Edition::KeyOnly,
            key_arn: None,
            naming: Naming::Open,
            material_id: None,
            clauses: &self.case.clauses,
            supports: &self.case.supports,
            place: &place,
        };
        let mismatches = judge(&observe(response), &self.case.expect, &context);
        (mismatches.is_empty(), sent.len() + received.len())
    }

    /// Makes so many exchanges, one after another; how many answers were right.
    async fn exchanges(&self, lane: Lane, count: usize) -> usize {
        let mut right = 0;
        let mut left = count;
        while left > 0 {
            let requests: Vec<Request> = (0..left.min(BATCH)).map(|_| self.signed()).collect();
            left -= requests.len();
            let exchanges = match lane {
                Lane::Http => {
                    let mut exchanges = Vec::new();
                    for request in &requests {
                        exchanges.push(self.sender.http(request).await);
                    }
                    exchanges
                }
                Lane::Wire => self.sender.wire(&requests).await,
            };
            for (request, exchange) in requests.iter().zip(&exchanges) {
                let (is_right, length) = self.judged(request, exchange);
                right += usize::from(is_right && length > 0);
            }
        }
        right
    }
}

async fn measured(url: &str, lane: Lane, connections: usize, exchanges: usize) {
    let client = Arc::new(Client::of(url));
    // What is made once is made before the clock runs.
    assert_eq!(client.exchanges(lane, 1).await, 1, "the answer is not the one that the case expects");
    let (began, cpu) = (Instant::now(), cpu());
    let each = exchanges / connections;
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let client = Arc::clone(&client);
        tasks.spawn(async move { client.exchanges(lane, each).await });
    }
    let right: usize = tasks.join_all().await.into_iter().sum();
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), self::cpu() - cpu);
    assert_eq!(right, each * connections, "answers were judged as wrong");
    let count = right as f64;
    println!("{:.0} {:.1} {}", count / seconds, cpu * 1e6 / count, most_memory());
}

/// CPU seconds of this thread, which does everything.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e9
}

/// The most memory that was resident, in KiB.
fn most_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}
