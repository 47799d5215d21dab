//! A soak: many exchanges with a server that does a fault to one in a hundred. Each exchange ends as the fault says, both
//! sides count the same, and the process holds no more at the end than after the first part.
//!
//! What is counted are exchanges of core's `Sender`, in both lanes, and not whole cases: only so is it known for each
//! exchange which fault it met. What a run makes of faults is in `harness/tests/hostile_table.rs`.

#![expect(clippy::print_stdout, reason = "the figures of a soak are its result")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use trentcheck_core::http::{Framing, Header, Request};
use trentcheck_core::send::{Endpoint, Exchange, Lane, Limits, ResponseFraming, SendError, Sender, Tls};
use trentcheck_fuzz::faults::{Act, Faulty, NUMBER};
use trentcheck_fuzz::watch::Held;

/// Workers that send at the same time.
const WORKERS: u64 = 32;

/// Exchanges that a worker takes at once; in the wire lane they share a connection.
const AT_ONCE: u64 = 4;

/// One take in so many goes through the http lane.
const HTTP: u64 = 4;

/// Longer than any answer takes, also on a busy machine: only silence may end here.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How much more memory may be in use at the end than after the first part, in KiB: what an allocator keeps to itself.
const MEMORY: usize = 8 * 1024;

/// How long connections may take to end after the last exchange.
const SETTLED: Duration = Duration::from_secs(20);

/// How an exchange ends for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    Answered,
    Unavailable,
    Ambiguous,
    Behind,
    Closed,
    Reset,
    Truncated,
    NotHttp,
    Malformed,
    HeadTooLarge,
    BodyTooLarge,
    Timeout,
    Otherwise,
}

impl Seen {
    fn of(exchange: &Exchange) -> Self {
        match &exchange.result {
            Ok(response) => match (response.status, &response.framing) {
                (_, ResponseFraming::Ambiguous(_)) => Self::Ambiguous,
                _ if response.leftover > 0 => Self::Behind,
                (200, _) if response.body == b"{}" => Self::Answered,
                (503, _) => Self::Unavailable,
                _ => Self::Otherwise,
            },
            Err(SendError::ClosedBeforeAnswer) => Self::Closed,
            Err(SendError::Reset { .. }) => Self::Reset,
            Err(SendError::Truncated { .. }) => Self::Truncated,
            Err(SendError::NotHttp { .. }) => Self::NotHttp,
            Err(SendError::Malformed(_)) => Self::Malformed,
            Err(SendError::HeadTooLarge { .. }) => Self::HeadTooLarge,
            Err(SendError::BodyTooLarge { .. }) => Self::BodyTooLarge,
            Err(SendError::Timeout { .. }) => Self::Timeout,
            Err(_) => Self::Otherwise,
        }
    }

    /// How a fault shows. The http lane's client has fewer words than the wire lane, and reads what it may.
    fn due(act: Act, lane: Lane) -> Self {
        match (act, lane) {
            (Act::Answer | Act::Drip, _) => Self::Answered,
            (Act::Unavailable, _) => Self::Unavailable,
            (Act::Close, _) => Self::Closed,
            (Act::Reset, _) => Self::Reset,
            // The client counts no interim answers, and so sees only the end.
            (Act::CutHead | Act::LongInterim, Lane::Http) => Self::Closed,
            (Act::CutHead | Act::CutBody | Act::CutChunk, _) => Self::Truncated,
            (Act::NotHttp, Lane::Wire) => Self::NotHttp,
            (Act::BareLineFeed, Lane::Http) => Self::Answered,
            (Act::NotHttp | Act::BareLineFeed | Act::WrongLength | Act::WrongChunk, _) => Self::Malformed,
            (Act::LongHead | Act::LongInterim, _) => Self::HeadTooLarge,
            (Act::LongBody | Act::LongChunks, _) => Self::BodyTooLarge,
            (Act::TwoLengths, Lane::Wire) => Self::Ambiguous,
            (Act::TwoLengths, Lane::Http) => Self::Malformed,
            (Act::Behind, Lane::Wire) => Self::Behind,
            (Act::Behind, Lane::Http) => Self::Answered,
            (Act::Silence | Act::HalfSilence, _) => Self::Timeout,
        }
    }
}

fn request(number: u64) -> Request {
    Request {
        method: "POST".to_owned(),
        target: "/".to_owned(),
        headers: vec![
            Header::new("Host", "127.0.0.1"),
            Header::new("Content-Length", "2"),
            Header::new("X-Amz-Target", "TrentService.DeleteImportedKeyMaterial"),
            Header::new(NUMBER, number.to_string()),
        ],
        body: b"{}".to_vec(),
        framing: Framing::ContentLength,
        delivery: trentcheck_core::http::Delivery::AtOnce,
    }
}

/// What came of the exchanges of these numbers, in whichever lane it is their turn.
async fn taken(sender: &Sender, first: u64, end: u64) -> Vec<Exchange> {
    let requests: Vec<Request> = (first..end).map(request).collect();
    if !(first / AT_ONCE).is_multiple_of(HTTP) {
        return sender.wire(&requests).await;
    }
    let mut exchanges = Vec::new();
    for request in &requests {
        exchanges.push(sender.http(request).await);
    }
    exchanges
}

/// Sends so many requests in so many parts.
async fn soak(exchanges: u64, parts: u64) {
    // Both soaks count what the process holds.
    static ONE: Mutex<()> = Mutex::const_new(());
    let _one = ONE.lock().await;
    let server = Faulty::start().await.expect("a free port");
    let endpoint = Endpoint::parse(&format!("http://{}", server.address)).expect("a URL");
    let limits = Limits { exchange: TIMEOUT, ..Limits::default() };
    let sender = Sender::new(endpoint, Tls::default(), limits).expect("no TLS to set up");
    let next = Arc::new(AtomicU64::new(0));
    let seen: Arc<Mutex<BTreeMap<(Act, Seen), u64>>> = Arc::default();
    let due: Arc<Mutex<BTreeMap<(Act, Seen), u64>>> = Arc::default();
    let mut held = Vec::new();
    for part in 1..=parts {
        let end = exchanges * part / parts;
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..WORKERS {
            let (sender, next, seen, due) = (sender.clone(), Arc::clone(&next), Arc::clone(&seen), Arc::clone(&due));
            workers.spawn(async move {
                loop {
                    let first = next.fetch_add(AT_ONCE, Ordering::SeqCst);
                    let last = (first + AT_ONCE).min(end);
                    if first >= end {
                        return;
                    }
                    let found = taken(&sender, first, last).await;
                    assert_eq!(found.len() as u64, last - first);
                    for (number, exchange) in (first..last).zip(&found) {
                        let act = Act::on(number);
                        *seen.lock().await.entry((act, Seen::of(exchange))).or_default() += 1;
                        *due.lock().await.entry((act, Seen::due(act, exchange.lane))).or_default() += 1;
                    }
                }
            });
        }
        while let Some(ended) = workers.join_next().await {
            ended.expect("a worker that panics has said why");
        }
        // Each worker took one number too many.
        next.store(end, Ordering::SeqCst);
        held.push(settled(&server).await);
    }
    let (seen, due) = (seen.lock().await.clone(), due.lock().await.clone());
    for ((act, seen), count) in &seen {
        println!("{count:>8}  {act:?} is seen as {seen:?}");
    }
    for held in &held {
        println!("{held:?}");
    }
    assert_eq!(seen, due);
    let mut by_act: BTreeMap<Act, u64> = BTreeMap::new();
    seen.iter().for_each(|((act, _), count)| *by_act.entry(*act).or_default() += count);
    assert_eq!(by_act, server.done(), "what the client saw and what the server did");
    assert_eq!(by_act.values().sum::<u64>(), exchanges);
    for later in &held[1..] {
        let first = held[0];
        assert_eq!(
            (later.handles, later.sockets, later.tasks),
            (first.handles, first.sockets, first.tasks),
            "{held:?}"
        );
        assert!(later.memory <= first.memory + MEMORY, "{held:?}");
    }
}

/// What is held when every connection has ended: only the server's task and its listener are left.
async fn settled(server: &Faulty) -> Held {
    let ended = async {
        while server.open() > 0 || Held::now().tasks > 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SETTLED, ended)
        .await
        .unwrap_or_else(|_| panic!("{} connections, {:?}", server.open(), Held::now()));
    Held::now()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_exchanges_leave_nothing_behind() {
    soak(2000, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it takes minutes: `cargo test -p trentcheck-fuzz --test soak -- --ignored --nocapture`"]
async fn two_hundred_thousand_exchanges_leave_nothing_behind() {
    soak(200_000, 20).await;
}
