//! `.snap` files of a baseline.

use super::scratch::with_file;
use super::visible::must_be_visible;
use trentcheck_core::baseline::Snap;

pub(super) const WORDS: &[&str] = &[
    "---\n",
    "source: ",
    "description: ",
    "info:\n",
    "  tool: ",
    "  edition: key-only\n",
    "  replaced:\n",
    "    - ",
    "# judged\n",
    "> POST / HTTP/1.1\n",
    "> (body: 0 bytes, content-length)\n",
    "< HTTP/1.1 200 OK\n",
    "! no\n",
    "= KeyState: \"Enabled\"\n",
    "# DescribeKey of the key afterwards\n",
    "&a ",
    "*a",
    "!!binary ",
    "|\n",
    ">-\n",
    "? ",
    "<<: ",
    "{",
    "[",
    "\"",
    "\r\n",
    "snapshot_kind: binary\n",
    "expression: ",
];

/// What is read and written is read as the same.
pub(super) fn check(bytes: &[u8]) {
    with_file("a__b.snap", bytes, |path| match Snap::read(path) {
        Err(error) => must_be_visible(&error.to_string()),
        Ok(snap) => {
            assert!(!snap.recording.sections.is_empty());
            std::fs::write(path, snap.render()).unwrap();
            assert_eq!(Snap::read(path).as_ref(), Ok(&snap), "{}", snap.render());
        }
    });
}
