//! Which parts of the body stand on which page.
//!
//! The body is cut between its blocks and between the rows of its tables; a table's head stands again where
//! it goes on. What must stay together moves to the next page as one, if one page holds it at all.
#![allow(clippy::float_arithmetic, reason = "places on paper; money is text before it comes here")]

use crate::PrintError;
use crate::budget::Budget;
use crate::layout::{Laid, Layout};
use crate::page::{Block, Table};

/// More than any invoice has, so that a template cannot fill the memory.
pub(crate) const PAGES_MAX: usize = 2000;

/// What is not cut.
struct Item {
    laid: Laid,
    /// The head of its table, a place in the list of heads.
    head: Option<usize>,
    /// Whether the head stands above it in any case.
    begins: bool,
    /// Left out at the top of a page.
    blank: bool,
    keep_next: bool,
    keep_previous: bool,
}

/// Heights in points.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    pub(crate) first: f32,
    pub(crate) next: f32,
}

/// The body of each page, at least one page.
pub(crate) fn pages(
    layout: &Layout<'_>,
    body: &[Block],
    width: f32,
    room: Room,
) -> Result<Vec<Laid>, PrintError> {
    let mut flow = Flow::default();
    flow.add(layout, body, width, room.first.min(room.next))?;
    layout.budget.check()?;
    paginate(flow, room, layout.budget)
}

#[derive(Default)]
struct Flow {
    items: Vec<Item>,
    heads: Vec<Laid>,
}

impl Flow {
    fn add(
        &mut self,
        layout: &Layout<'_>,
        blocks: &[Block],
        width: f32,
        room: f32,
    ) -> Result<(), PrintError> {
        for block in blocks {
            match block {
                Block::Table(table) => self.add_table(layout, table, width, room)?,
                Block::Keep { previous, blocks } => {
                    let first = self.items.len();
                    let laid = layout.block(block, width);
                    if laid.height <= room {
                        self.items.push(Item::new(laid));
                    } else {
                        self.add(layout, blocks, width, room)?;
                    }
                    if let Some(item) = self.items.get_mut(first) {
                        item.keep_previous = *previous;
                    }
                }
                _ => {
                    let blank = matches!(block, Block::Space(_));
                    self.items.push(Item { blank, ..Item::new(layout.block(block, width)) });
                }
            }
        }
        Ok(())
    }

    fn add_table(
        &mut self,
        layout: &Layout<'_>,
        table: &Table,
        width: f32,
        room: f32,
    ) -> Result<(), PrintError> {
        let (head, rows) = layout.table(table, width);
        // It comes again on each page: it must leave room for the rows.
        if head.as_ref().is_some_and(|head| room / 2.0 < head.height) {
            return Err(PrintError::TallHead);
        }
        if rows.is_empty() {
            self.items.extend(head.map(Item::new));
            return Ok(());
        }
        let place = self.heads.len();
        self.heads.extend(head);
        let head = (place < self.heads.len()).then_some(place);
        for (place, (laid, row)) in rows.into_iter().zip(&table.rows).enumerate() {
            self.items.push(Item { head, begins: place == 0, keep_next: row.keep, ..Item::new(laid) });
        }
        Ok(())
    }

    /// How much room these items take, at the top of a page or below others.
    fn height(&self, items: &[Item], at_top: bool) -> f32 {
        let head = |(place, item): (usize, &Item)| match item.head {
            Some(head) if item.begins || (at_top && place == 0) => self.heads[head].height,
            _ => 0.0,
        };
        let heights = items.iter().map(|item| item.laid.height);
        heights.sum::<f32>() + items.iter().enumerate().map(head).sum::<f32>()
    }
}

impl Item {
    fn new(laid: Laid) -> Self {
        Self { laid, head: None, begins: false, blank: false, keep_next: false, keep_previous: false }
    }
}

fn paginate(flow: Flow, room: Room, budget: &Budget) -> Result<Vec<Laid>, PrintError> {
    let mut pages = vec![Laid::default()];
    let mut start = 0;
    while start < flow.items.len() {
        let end = end_of_unit(&flow.items, start);
        let unit = &flow.items[start..end];
        let available = if pages.len() == 1 { room.first } else { room.next };
        let used = pages.last().map_or(0.0, |page| page.height);
        let fits = used + flow.height(unit, false) <= available;
        if used > 0.0 && !fits && flow.height(unit, true) <= room.next {
            begin_page(&mut pages)?;
        }
        place_each(&flow, unit, &mut pages, room, budget)?;
        start = end;
    }
    Ok(pages)
}

fn begin_page(pages: &mut Vec<Laid>) -> Result<(), PrintError> {
    if PAGES_MAX <= pages.len() {
        return Err(PrintError::TooLong);
    }
    pages.push(Laid::default());
    Ok(())
}

/// Behind the last item that stays with the one before it.
fn end_of_unit(items: &[Item], start: usize) -> usize {
    let mut end = start + 1;
    while end < items.len() && (items[end - 1].keep_next || items[end].keep_previous) {
        end += 1;
    }
    end
}

/// One below the other, on a new page where one does not fit.
fn place_each(
    flow: &Flow,
    unit: &[Item],
    pages: &mut Vec<Laid>,
    room: Room,
    budget: &Budget,
) -> Result<(), PrintError> {
    for item in unit {
        let available = if pages.len() == 1 { room.first } else { room.next };
        let used = pages.last().map_or(0.0, |page| page.height);
        if used > 0.0 && used + flow.height(std::slice::from_ref(item), false) > available {
            begin_page(pages)?;
        }
        let Some(page) = pages.last_mut() else { break };
        let at_top = page.height == 0.0;
        if at_top && item.blank {
            continue;
        }
        if let Some(head) = item.head.filter(|_| item.begins || at_top) {
            let head = &flow.heads[head];
            budget.take(head.weight());
            budget.check()?;
            page.append(head.clone());
        }
        page.append(item.laid.clone());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { first: 50.0, next: 100.0 };

    fn laid(height: f32) -> Laid {
        Laid { height, marks: Vec::new() }
    }

    fn paginated(items: Vec<Item>) -> Result<Vec<Laid>, PrintError> {
        paginate(Flow { items, heads: Vec::new() }, ROOM, &Budget::default())
    }

    /// A table of rows, each 10 high as its head, and totals of 30.
    fn heights(rows: usize) -> Vec<f32> {
        let row = |place| Item { head: Some(0), begins: place == 0, ..Item::new(laid(10.0)) };
        let mut items: Vec<_> = (0..rows).map(row).collect();
        items.push(Item { keep_previous: true, ..Item::new(laid(30.0)) });
        let pages = paginate(Flow { items, heads: vec![laid(10.0)] }, ROOM, &Budget::default()).unwrap();
        pages.iter().map(|page| page.height).collect()
    }

    #[test]
    fn rows_and_totals_share_a_page_while_there_is_room() {
        assert_eq!(heights(0), [30.0]);
        assert_eq!(heights(1), [50.0]);
        assert_eq!(heights(10), [50.0, 100.0]);
    }

    #[test]
    fn the_last_row_goes_with_totals_that_need_a_new_page() {
        assert_eq!(heights(2), [20.0, 50.0]);
        assert_eq!(heights(4), [40.0, 50.0]);
        assert_eq!(heights(11), [50.0, 70.0, 50.0]);
    }

    #[test]
    fn what_no_page_holds_is_cut_rather_than_lost() {
        let item = || Item { keep_next: true, ..Item::new(laid(40.0)) };
        let pages = paginated(vec![item(), item(), item(), item()]).unwrap();
        assert_eq!(pages.iter().map(|page| page.height).collect::<Vec<_>>(), [40.0, 80.0, 40.0]);
    }

    #[test]
    fn a_page_too_many_is_refused() {
        let pages = |count| {
            let items = (0..count).map(|_| Item::new(laid(100.0))).collect();
            let room = Room { first: 100.0, next: 100.0 };
            paginate(Flow { items, heads: Vec::new() }, room, &Budget::default())
        };
        assert!(pages(PAGES_MAX).is_ok_and(|pages| pages.len() == PAGES_MAX));
        assert!(matches!(pages(PAGES_MAX + 1), Err(PrintError::TooLong)));
    }

    #[test]
    fn a_page_does_not_begin_with_a_blank() {
        let blank = Item { blank: true, ..Item::new(laid(20.0)) };
        let items = vec![Item::new(laid(45.0)), blank, Item::new(laid(10.0))];
        let pages = paginated(items).unwrap();
        assert_eq!(pages.iter().map(|page| page.height).collect::<Vec<_>>(), [45.0, 10.0]);
    }
}
