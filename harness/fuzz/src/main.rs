//! Runs one fuzz target for as long as one likes, or under libFuzzer.

#![cfg_attr(feature = "libfuzzer", no_main)]

#[cfg(feature = "libfuzzer")]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    static TARGET: std::sync::LazyLock<&trentcheck_fuzz::Target> = std::sync::LazyLock::new(|| {
        let name = std::env::var("TRENTCHECK_FUZZ_TARGET").unwrap_or_default();
        trentcheck_fuzz::target(&name).expect("TRENTCHECK_FUZZ_TARGET names a target")
    });
    (TARGET.check)(bytes);
});

#[cfg(not(feature = "libfuzzer"))]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "it tells what it found")]
fn main() -> std::process::ExitCode {
    use std::process::ExitCode;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};
    use trentcheck_fuzz::{Limit, TARGETS, bounded, target};

    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let seconds = arguments.next().map_or(Ok(60), |seconds| seconds.parse());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let seed = arguments.next().map_or(Ok(now), |seed| seed.parse());
    let (Some(target), Ok(seconds), Ok(seed)) = (target(&name), seconds, seed) else {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("usage: trentcheck-fuzz TARGET [SECONDS] [SEED]\ntargets: {}", names.join(", "));
        return ExitCode::from(2);
    };
    println!("{name}: {seconds} s, seed {seed}");
    match bounded(target, seed, Limit::Time(Duration::from_secs(seconds))) {
        Ok(passed) => {
            println!("{name}: {} executions in {:.0?}, no finding", passed.executions, passed.time);
            ExitCode::SUCCESS
        }
        Err(found) => {
            let path = format!("{name}-{seed}-{}", found.number);
            let kept = std::fs::write(&path, &found.input);
            println!("{name}: input {} does not hold: {}", found.number, found.message);
            println!("{}", kept.map_or_else(|error| error.to_string(), |()| format!("the input is in `{path}`")));
            ExitCode::FAILURE
        }
    }
}
