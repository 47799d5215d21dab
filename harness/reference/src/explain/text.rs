//! The words of an explanation: both texts, line by line.

/// A text with what a terminal would act on made visible.
pub(super) fn visible(text: &str) -> String {
    let letters = text.chars().map(|letter| match letter.is_control() {
        true => letter.escape_default().to_string(),
        false => letter.to_string(),
    });
    letters.collect()
}

/// Both texts side by side: a line that both have once, and of a line that differs the server's and the signer's.
pub(super) fn side_by_side(server: &str, signer: &str) -> Vec<String> {
    let (server, signer): (Vec<&str>, Vec<&str>) = (server.split('\n').collect(), signer.split('\n').collect());
    // Lines that both have at the front and at the end are taken away, so that one line more moves no other.
    let same = |(left, right): &(&&str, &&str)| left == right;
    let front = server.iter().zip(&signer).take_while(same).count();
    let (left, right) = (&server[front..], &signer[front..]);
    let end = left.iter().rev().zip(right.iter().rev()).take_while(same).count();
    let (left, right) = (&left[..left.len() - end], &right[..right.len() - end]);
    let plain = |line: &&str| format!("           {}", visible(line));
    let mut lines: Vec<String> = server[..front].iter().map(plain).collect();
    for place in 0..left.len().max(right.len()) {
        let (server, signer) = (left.get(place), right.get(place));
        if server == signer {
            lines.extend(server.map(plain));
            continue;
        }
        let shown = |line: Option<&&str>| line.map_or_else(|| "(no such line)".to_owned(), |line| visible(line));
        lines.push(format!("  ≠ server {}", shown(server)));
        lines.push(format!("    signer {}", shown(signer)));
    }
    lines.extend(server[server.len() - end..].iter().map(plain));
    lines
}

/// A text of several lines.
pub(super) fn whole(text: &str) -> Vec<String> {
    text.split('\n').map(|line| format!("           {}", visible(line))).collect()
}
