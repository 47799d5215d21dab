//! What a person or a log may be shown.

/// Fails if a character could move a cursor, end a line, hide or reverse text.
#[track_caller]
pub(super) fn must_be_visible(text: &str) {
    let hidden = text.chars().find(|letter| {
        letter.is_control()
            || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    });
    assert_eq!(hidden, None, "{}", text.escape_debug());
}

/// Fails if one of several lines is no better, or could be a command to a CI service.
#[track_caller]
pub(super) fn must_be_lines(text: &str) {
    for line in text.split('\n') {
        must_be_visible(line);
        assert!(
            !line.trim_start().starts_with("::") && !line.trim_start().starts_with("##"),
            "{}",
            text.escape_debug()
        );
    }
}
