//! Whether it shows when a guard is missing.

use super::super::{Breach, Failure, Invariant, Options, on_threads, run_with, runtime};
use super::{Guards, Mutation, schedules};

/// Commands of a random history.
const STEPS: u32 = 250;
const THREADS: usize = 2;

/// What became of a guard that was left out.
#[derive(Debug, Clone)]
pub enum Hunted {
    /// By this breach.
    Caught(Breach),
    /// Nobody noticed.
    Survived,
    /// The history written for it breaks a promise with all guards in place.
    Unsound(Breach),
}

/// Plays the history that was written for a guard: without it, which has to break a promise about money or
/// identity, and with it, which has to break none.
///
/// # Panics
/// As [`run_with`].
pub fn hunt(mutation: Mutation) -> Hunted {
    let play = |left_out| runtime().block_on(schedules::play(mutation, left_out));
    match (play(None), play(Some(mutation))) {
        (Err(breach), _) => Hunted::Unsound(breach),
        (Ok(()), Err(breach)) if is_real(&breach) => Hunted::Caught(breach),
        _ => Hunted::Survived,
    }
}

/// That something does not end, or is too large, may have any cause.
fn is_real(breach: &Breach) -> bool {
    !matches!(breach.invariant, Invariant::Lively | Invariant::Small)
}

/// Plays so many seeds and looks at every condition that the store sends.
///
/// # Errors
/// When one of them breaks a promise.
pub fn observe(seeds: u64) -> Result<Guards, Box<Failure>> {
    let guards = Guards::noting();
    for seed in 0..seeds {
        run_with(Options { seed, steps: STEPS, mutation: None }, guards.clone())?;
    }
    Ok(guards)
}

/// What became of each guard that was left out.
pub struct Report(Vec<(Mutation, Hunted)>);

impl Report {
    /// Guards whose absence nobody noticed.
    pub fn survivors(&self) -> Vec<Mutation> {
        let survived = |(_, hunted): &&(Mutation, Hunted)| !matches!(hunted, Hunted::Caught(_));
        self.0.iter().filter(survived).map(|(mutation, _)| *mutation).collect()
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (mutation, hunted) in &self.0 {
            let sentence = mutation.sentence();
            match hunted {
                Hunted::Caught(caught) => {
                    writeln!(out, "caught    {mutation:?}, {sentence}\n          by {caught}")?
                }
                Hunted::Survived => writeln!(out, "SURVIVED  {mutation:?}, {sentence}")?,
                Hunted::Unsound(breach) => {
                    writeln!(
                        out,
                        "UNSOUND   {mutation:?}, {sentence}\n          its schedule breaks {breach}"
                    )?;
                }
            }
        }
        write!(out, "{}/{} caught", self.0.len() - self.survivors().len(), self.0.len())
    }
}

/// Leaves out these guards, one after the other and two at a time.
///
/// # Panics
/// As [`run_with`].
pub fn hunt_all(mutations: &[Mutation]) -> Report {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        while let Some(mutation) = mutations.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
            found.push((*mutation, hunt(*mutation)));
        }
        found
    };
    let mut found = on_threads(THREADS, work).concat();
    found.sort_by_key(|(mutation, _)| *mutation);
    Report(found)
}
