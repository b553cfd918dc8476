//! Lists that take no more room than they need: a million accounts have one of each, mostly with a single entry, and the
//! standard library would make room for four at once.

use std::collections::VecDeque;

/// A list that can be asked to make room for exactly so many more.
pub(super) trait Lean {
    /// What it holds.
    type Item;

    /// Adds an entry at the end. The room grows by half, so adding stays cheap however long the list is.
    fn add(&mut self, item: Self::Item);
}

impl<T> Lean for VecDeque<T> {
    type Item = T;

    fn add(&mut self, item: T) {
        if self.len() == self.capacity() {
            self.reserve_exact(further(self.len()));
        }
        self.push_back(item);
    }
}

impl<T> Lean for Vec<T> {
    type Item = T;

    fn add(&mut self, item: T) {
        if self.len() == self.capacity() {
            self.reserve_exact(further(self.len()));
        }
        self.push(item);
    }
}

fn further(len: usize) -> usize {
    (len / 2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_entry_takes_the_room_of_one() {
        let (mut list, mut queue) = (Vec::new(), VecDeque::new());
        list.add(1_u64);
        queue.add(1_u64);
        assert_eq!((list.capacity(), queue.capacity()), (1, 1));
    }

    #[test]
    fn a_long_list_grows_seldom_and_keeps_its_order() {
        let (mut list, mut queue, mut grown) = (Vec::new(), VecDeque::new(), 0);
        for number in 0..100_000 {
            let before = list.capacity();
            list.add(number);
            queue.add(number);
            grown += u32::from(list.capacity() != before);
        }
        assert!(grown < 40, "{grown}");
        assert!(list.iter().copied().eq(0..100_000) && queue.iter().copied().eq(0..100_000));
    }
}
