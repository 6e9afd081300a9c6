//! How long each part of the month took.

use std::time::{Duration, Instant};

pub struct Phases {
    began: Instant,
    all: Vec<(&'static str, Duration)>,
}

impl Phases {
    pub fn new() -> Self {
        Self { began: Instant::now(), all: Vec::new() }
    }

    /// What was done since the last end counts to this phase.
    pub fn end(&mut self, name: &'static str) {
        let took = self.began.elapsed();
        self.began = Instant::now();
        match self.all.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += took,
            None => self.all.push((name, took)),
        }
    }

    pub fn all(self) -> Vec<(&'static str, Duration)> {
        self.all
    }
}
