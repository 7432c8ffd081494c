//! Memory of this process, as the kernel counts it.

const KIB_IN_MIB: u64 = 1024;

/// Peak resident memory in MiB since the start, or since [`reset`]; `None` where the system does
/// not tell.
pub fn mib() -> Option<u64> {
    kib("VmHWM:").map(|kib| kib / KIB_IN_MIB)
}

/// Starts counting anew from what is resident now; answers whether the system allows it.
pub fn reset() -> bool {
    std::fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// Memory from one point of a run on.
pub struct Watch {
    /// Resident at that point, in KiB.
    start: Option<u64>,
}

impl Watch {
    /// Watches from now on; one at a time.
    pub fn start() -> Self {
        Self { start: kib("VmRSS:").filter(|_| reset()) }
    }

    /// Resident at the start, and the most since then beyond that, in KiB.
    pub fn growth_kib(&self) -> Option<(u64, u64)> {
        let start = self.start?;
        Some((start, kib("VmHWM:")?.saturating_sub(start)))
    }
}

fn kib(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
