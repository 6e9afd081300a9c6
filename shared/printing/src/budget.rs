//! How much a document may have, over all its pages: a form that repeats a dense head on each of them, say,
//! would keep the printer busy for minutes and fill its memory.

use std::cell::Cell;

use crate::PrintError;

/// Letters, lines of text, cells, rules, grounds and pictures, each time that they are laid out or drawn. An
/// invoice of 2,000 lines by the product's own form has less than a quarter.
pub(crate) const ELEMENTS_MAX: usize = 1_000_000;

/// What was taken of [`ELEMENTS_MAX`] so far.
#[derive(Debug, Default)]
pub(crate) struct Budget(Cell<usize>);

impl Budget {
    /// Whether there is so much left. What comes after it is not worth to be laid out.
    pub(crate) fn take(&self, elements: usize) -> bool {
        self.0.set(self.0.get().saturating_add(elements));
        self.0.get() <= ELEMENTS_MAX
    }

    pub(crate) fn check(&self) -> Result<(), PrintError> {
        if self.0.get() <= ELEMENTS_MAX { Ok(()) } else { Err(PrintError::TooDense) }
    }

    #[cfg(test)]
    pub(crate) fn taken(&self) -> usize {
        self.0.get()
    }
}
