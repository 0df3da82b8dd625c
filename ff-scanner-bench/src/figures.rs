//! Arithmetic on what was measured.

/// `amount` for each of `units`; zero of nothing.
pub(crate) fn per(amount: f64, units: f64) -> f64 {
    if units > 0.0 { amount / units } else { 0.0 }
}

/// The middle one, or the mean of the middle two.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    quantile(values, 0.5)
}

/// The value below which the fraction `q` lies, between two neighbours in proportion.
pub(crate) fn quantile(values: impl Iterator<Item = f64>, q: f64) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let place = q * last as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle_and_a_quantile_lies_between_neighbours() {
        assert!((median([3.0, 1.0, 2.0].into_iter()) - 2.0).abs() < f64::EPSILON);
        assert!((median([4.0, 1.0, 2.0, 3.0].into_iter()) - 2.5).abs() < f64::EPSILON);
        assert!((quantile([0.0, 10.0].into_iter(), 0.99) - 9.9).abs() < 1e-9);
        assert!(quantile(std::iter::empty(), 0.5).abs() < f64::EPSILON);
    }
}
