//! Which columns of a table fit a terminal, and how wide each may be.

use super::Align;

/// Between two columns: a space on either side, and one for the line.
const BETWEEN: usize = 3;
/// Text is not cut shorter than this.
const LEAST_TEXT: usize = 20;
/// The column that stands for those that are left out.
const GAP: usize = 1;

/// How a table is set.
#[derive(Debug, PartialEq, Eq)]
pub struct Fit {
    /// The columns that are shown, in order, each with its width.
    pub shown: Vec<(usize, usize)>,
    /// Behind how many of them columns are left out, where they are.
    pub gap: Option<usize>,
}

/// Fits columns of these widths into the width of a terminal: text is cut or broken first, then columns
/// are left out from the middle. Numbers and ids keep their width.
pub fn fit(widths: &[usize], aligns: &[Align], terminal: Option<usize>) -> Fit {
    let Some(terminal) = terminal else {
        return all(widths);
    };
    let widths = lowered(widths, aligns, terminal);
    if taken(widths.iter().copied()) <= terminal {
        return all(&widths);
    }
    left_out(&widths, terminal)
}

fn all(widths: &[usize]) -> Fit {
    Fit {
        shown: widths.iter().copied().enumerate().collect(),
        gap: None,
    }
}

fn taken(widths: impl Iterator<Item = usize>) -> usize {
    widths
        .map(|width| width + BETWEEN)
        .sum::<usize>()
        .saturating_sub(1)
}

/// Text columns made narrower, the widest first, as far as it takes.
fn lowered(widths: &[usize], aligns: &[Align], terminal: usize) -> Vec<usize> {
    let mut widths = widths.to_vec();
    loop {
        let over = taken(widths.iter().copied()).saturating_sub(terminal);
        let elastic = widths.iter_mut().zip(aligns);
        let elastic = elastic.filter(|(_, align)| matches!(align, Align::Text | Align::Cell));
        let mut elastic: Vec<&mut usize> = elastic.map(|(width, _)| width).collect();
        elastic.sort_unstable_by(|a, b| b.cmp(a));
        let second = elastic.get(1).map_or(LEAST_TEXT, |width| **width);
        match elastic.first_mut() {
            Some(widest) if over > 0 && **widest > LEAST_TEXT => {
                // Down to the next, then in small steps, so that equal ones stay about equal.
                let step = (**widest - second.max(LEAST_TEXT)).clamp(1, over);
                **widest -= step;
            }
            _ => return widths,
        }
    }
}

/// The outer columns, as many as fit beside the one that stands for the others.
fn left_out(widths: &[usize], terminal: usize) -> Fit {
    let (mut front, mut back) = (0, 0);
    let mut room = terminal.saturating_sub(GAP + BETWEEN) + 1;
    while front + back < widths.len() {
        let is_front = front <= back;
        let next = if is_front {
            front
        } else {
            widths.len() - 1 - back
        };
        let need = widths.get(next).map_or(0, |width| width + BETWEEN);
        // The first is shown in any case.
        if need > room && front > 0 {
            break;
        }
        room = room.saturating_sub(need);
        if is_front { front += 1 } else { back += 1 }
    }
    let columns = widths.iter().copied().enumerate();
    let outer = columns.filter(|(column, _)| *column < front || *column >= widths.len() - back);
    Fit {
        shown: outer.collect(),
        gap: (front + back < widths.len()).then_some(front),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_narrowed_before_columns_are_left_out() {
        let aligns = [Align::Left, Align::Text, Align::Cell, Align::Right];
        let widths = |terminal| {
            let fit = fit(&[10, 60, 40, 8], &aligns, terminal);
            let widths: Vec<usize> = fit.shown.iter().map(|(_, width)| *width).collect();
            (widths, fit.gap)
        };
        assert_eq!(widths(None), (vec![10, 60, 40, 8], None));
        assert_eq!(widths(Some(130)), (vec![10, 60, 40, 8], None));
        assert_eq!(widths(Some(120)), (vec![10, 51, 40, 8], None));
        assert_eq!(widths(Some(80)), (vec![10, 25, 26, 8], None));
        assert_eq!(widths(Some(60)), (vec![10, 20, 8], Some(2)));
    }

    #[test]
    fn columns_are_left_out_in_the_middle() {
        let shown = |terminal| {
            let fit = fit(&[10; 7], &[Align::Left; 7], Some(terminal));
            let shown: Vec<usize> = fit.shown.iter().map(|(column, _)| *column).collect();
            (shown, fit.gap)
        };
        assert_eq!(shown(90), ((0..7).collect(), None));
        assert_eq!(shown(89), (vec![0, 1, 2, 4, 5, 6], Some(3)));
        assert_eq!(shown(70), (vec![0, 1, 2, 5, 6], Some(3)));
        assert_eq!(shown(60), (vec![0, 1, 5, 6], Some(2)));
        assert_eq!(shown(5), (vec![0], Some(1)));
    }
}
