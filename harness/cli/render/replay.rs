//! Renders one case in full: its exchanges line by line, how long they took, their bytes, and what is wrong.

use super::parts::difference;
use super::style::{BOLD, DIM, GREEN, RED, YELLOW};
use super::terminal_causes::why;
use std::collections::BTreeSet;
use std::time::Duration;
use trentcheck_core::normalise::Bytes;
use trentcheck_core::report::{CaseReport, ExchangeReport, Outcome, RunReport, Trace};

/// Bytes of a line of a dump.
const WIDTH: usize = 16;

/// What is shown of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    /// Its lines.
    Lines,
    /// Its lines, and the bytes that are traced.
    Bytes,
}

/// The case of a run of one case. Times are shown where there are traces.
pub(crate) fn render(run: &RunReport, traces: &[Trace], shows: Shows) -> String {
    let mut lines = Vec::new();
    for case in &run.cases {
        lines.push(format!("{BOLD}{}{BOLD:#}  {}", case.id, case.title));
        for (number, exchange) in case.exchanges.iter().enumerate() {
            lines.push(String::new());
            lines.extend(of_exchange(exchange, traces.get(number), shows));
        }
        lines.extend(mismatches(case, run));
    }
    for notice in &run.notices {
        lines.extend([String::new(), format!("{YELLOW}!{YELLOW:#} {notice}")]);
    }
    lines.extend(run.left.iter().map(|left| format!("{RED}left behind{RED:#}, remove by hand: {left}")));
    lines.push(String::new());
    lines.extend(run.cases.iter().map(ending));
    let codes: Vec<String> =
        run.exit_codes.iter().map(|code| format!("{} ({})", *code as u8, run.meaning(*code))).collect();
    lines.push(format!("exit code {}", codes.join(", ")));
    lines.join("\n")
}

fn ending(case: &CaseReport) -> String {
    let style = match case.outcome {
        Outcome::Pass | Outcome::Listed => GREEN,
        Outcome::Diverges | Outcome::Stale => RED,
        _ => YELLOW,
    };
    let reason = case.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{style}{}{style:#}{reason}", case.outcome.as_str())
}

fn of_exchange(exchange: &ExchangeReport, trace: Option<&Trace>, shows: Shows) -> Vec<String> {
    let mut lines = vec![format!("{BOLD}{}{BOLD:#} {DIM}({} lane){DIM:#}", exchange.role, exchange.lane)];
    let traced = trace.filter(|_| shows == Shows::Bytes);
    lines.extend(exchange.request.iter().map(|line| format!("    > {line}")));
    lines.extend(traced.map(|trace| dump(&trace.sent, '>')).unwrap_or_default());
    lines.extend(exchange.response.iter().flatten().map(|line| format!("    < {line}")));
    lines.extend(exchange.error.iter().map(|error| format!("    ! {error}")));
    lines.extend(traced.and_then(|trace| trace.received.as_ref()).map(|body| dump(body, '<')).unwrap_or_default());
    lines.extend(trace.map(|trace| format!("    times  {}", times(trace))));
    lines
}

/// How long each phase took. In the http lane only the first byte and the end are known.
fn times(trace: &Trace) -> String {
    let timing = &trace.timing;
    let phases = [
        ("DNS", timing.resolved),
        ("connect", timing.dialled),
        ("TLS", timing.secured),
        ("first byte", timing.first_byte),
        ("rest", timing.first_byte.map(|_| timing.total)),
    ];
    let mut parts: Vec<String> = trace.reused.then(|| "the same connection".to_owned()).into_iter().collect();
    let mut before = Duration::ZERO;
    for (name, end) in phases {
        let Some(end) = end else { continue };
        parts.push(format!("{name} {}", shown(end.saturating_sub(before))));
        before = end;
    }
    parts.push(format!("whole {}", shown(timing.total)));
    parts.join(" · ")
}

fn shown(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

/// Bytes in hexadecimal, with the characters beside them.
fn dump(bytes: &Bytes, sign: char) -> Vec<String> {
    let bytes = match bytes {
        Bytes::NotShown(why) => return vec![format!("    {DIM}{sign} bytes are not shown: {why}{DIM:#}")],
        Bytes::Shown(bytes) => bytes,
    };
    let line = |(number, line): (usize, &[u8])| {
        let hex: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let letter = |byte: &u8| if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '.' };
        let text: String = line.iter().map(letter).collect();
        format!("    {DIM}{sign} {:06x}  {:47}  {text}{DIM:#}", number * WIDTH, hex.join(" "))
    };
    bytes.chunks(WIDTH).enumerate().map(line).collect()
}

fn mismatches(case: &CaseReport, run: &RunReport) -> Vec<String> {
    let mut lines = Vec::new();
    let mut shown = BTreeSet::new();
    for mismatch in &case.mismatches {
        lines.push(String::new());
        lines.extend(difference(mismatch));
        lines.extend(why(mismatch, run, None, &mut shown));
        lines.extend(mismatch.hint.iter().map(|hint| format!("    hint: {hint}")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{dump, times};
    use std::time::Duration;
    use trentcheck_core::normalise::Bytes;
    use trentcheck_core::report::Trace;
    use trentcheck_core::send::Timing;

    fn trace(timing: Timing) -> Trace {
        Trace { timing, reused: timing.connect.is_none(), sent: Bytes::Shown(Vec::new()), received: None }
    }

    #[test]
    fn each_phase_has_the_time_that_it_took() {
        let after = |milliseconds| Some(Duration::from_millis(milliseconds));
        let timing = Timing {
            resolved: after(1),
            dialled: after(3),
            secured: after(7),
            connect: after(8),
            first_byte: after(20),
            total: Duration::from_millis(21),
        };
        assert_eq!(
            times(&trace(timing)),
            "DNS 1.00 ms · connect 2.00 ms · TLS 4.00 ms · first byte 13.00 ms · rest 1.00 ms · whole 21.00 ms"
        );
        let plain = Timing { secured: None, ..timing };
        assert!(!times(&trace(plain)).contains("TLS"));
        let reused = Timing { resolved: None, dialled: None, connect: None, ..plain };
        assert!(times(&trace(reused)).starts_with("the same connection · first byte 20.00 ms"));
        let refused = Timing { first_byte: None, dialled: None, ..plain };
        assert_eq!(times(&trace(refused)), "DNS 1.00 ms · whole 21.00 ms");
    }

    #[test]
    fn a_dump_has_sixteen_bytes_a_line() {
        let lines = dump(&Bytes::Shown(b"POST / HTTP/1.1\r\n\xff".to_vec()), '>');
        let plain: Vec<String> = lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect();
        assert_eq!(
            plain,
            [
                "    > 000000  50 4f 53 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d  POST / HTTP/1.1.",
                "    > 000010  0a ff                                            ..",
            ]
        );
        assert!(dump(&Bytes::NotShown("of a reason"), '<')[0].contains("bytes are not shown: of a reason"));
    }
}
