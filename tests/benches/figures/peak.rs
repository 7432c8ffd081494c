//! Peak memory of this process, as the kernel counts it.

/// Peak resident memory in MiB since the start, or since [`reset`]; `None` where the system does
/// not tell.
pub fn mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}

/// Starts counting anew from what is resident now; answers whether the system allows it.
pub fn reset() -> bool {
    std::fs::write("/proc/self/clear_refs", "5").is_ok()
}
