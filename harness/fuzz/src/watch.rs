//! What a process holds: file handles, sockets, memory and tasks.

use tokio::runtime::Handle;

/// What is held at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Open file handles, sockets included.
    pub handles: usize,
    /// Open sockets.
    pub sockets: usize,
    /// Tasks of the runtime that have not ended.
    pub tasks: usize,
    /// Memory that is in use, in KiB.
    pub memory: usize,
}

impl Held {
    /// What this process and this runtime hold now. Where there is no `/proc`, only tasks are counted.
    pub fn now() -> Self {
        let links: Vec<_> = std::fs::read_dir("/proc/self/fd")
            .into_iter()
            .flatten()
            .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
            .collect();
        // The second number is that of the pages in memory.
        let pages = std::fs::read_to_string("/proc/self/statm").ok();
        let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse::<usize>().ok());
        Self {
            handles: links.len(),
            sockets: links.iter().filter(|link| link.to_string_lossy().starts_with("socket:")).count(),
            tasks: Handle::current().metrics().num_alive_tasks(),
            memory: pages.unwrap_or_default() * 4,
        }
    }
}
