//! What one process of a function took, as its caller saw it.

use std::time::Duration;

/// Times and memory of one process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// From the spawn to the first poll for an event.
    pub init: Duration,
    /// Of the first invocation: from the event to its answer.
    pub first: Option<Duration>,
    /// Of each later invocation, in order.
    pub warm: Vec<Duration>,
    /// The most memory it held at once, in bytes (`VmHWM`); 0 where the system does not tell.
    pub peak_memory_bytes: u64,
    /// How long its main thread was on a processor, from its start to its last answer; zero where the
    /// system does not tell.
    pub processor: Duration,
}

impl Figures {
    pub(super) fn invoked(&mut self, took: Duration) {
        match self.first {
            None => self.first = Some(took),
            Some(_) => self.warm.push(took),
        }
    }

    /// Reads what the system says of a process that still runs.
    pub(super) fn weigh(&mut self, process: u32) {
        let schedule = std::fs::read_to_string(format!("/proc/{process}/schedstat"));
        let processor = schedule.ok().and_then(|schedule| on_processor(&schedule));
        self.processor = processor.unwrap_or_default().max(self.processor);
        let status = std::fs::read_to_string(format!("/proc/{process}/status"));
        let peak = status.ok().and_then(|status| peak_bytes(&status));
        self.peak_memory_bytes = peak.unwrap_or_default().max(self.peak_memory_bytes);
    }
}

/// `VmHWM` of a `/proc/<pid>/status`. Source: proc_pid_status(5).
fn peak_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// The first number of a `/proc/<pid>/schedstat`, in nanoseconds. Source: the kernel's
/// Documentation/scheduler/sched-stats.rst.
fn on_processor(schedule: &str) -> Option<Duration> {
    schedule.split_ascii_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_in_bytes_and_never_guessed() {
        let check = |status, peak| assert_eq!(peak_bytes(status), peak, "{status}");
        check("Name:\tportal\nVmHWM:\t   12345 kB\nVmRSS:\t 1 kB\n", Some(12_641_280));
        check("Name:\tportal\n", None);
        check("VmHWM:\tmuch kB\n", None);
    }

    #[test]
    fn time_on_a_processor_is_read_in_nanoseconds() {
        assert_eq!(on_processor("1889909 7 1\n"), Some(Duration::from_nanos(1_889_909)));
        assert_eq!(on_processor(""), None);
    }

    #[test]
    fn the_first_invocation_is_not_counted_as_a_warm_one() {
        let mut figures = Figures::default();
        for millis in [30, 2, 3] {
            figures.invoked(Duration::from_millis(millis));
        }
        assert_eq!(figures.first, Some(Duration::from_millis(30)));
        assert_eq!(figures.warm, [2, 3].map(Duration::from_millis));
    }
}
