//! How like one another two names are, for the best match of the guide's section 7.3.2.2.2.2.5.

/// Below this nothing is like enough to be a match.
pub const SIMILARITY_MIN: u32 = 500;

/// What is the same for a match: small letters and digits, with single blanks between words.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars().flat_map(char::to_lowercase) {
        match character {
            '’' | '\'' | '`' => {}
            character if character.is_alphanumeric() => plain.push(character),
            '&' | '+' => plain.push_str(if character == '&' { " and " } else { " plus " }),
            _ => plain.push(' '),
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name made ready to be compared with many others.
#[derive(Debug, Clone)]
pub struct Name {
    /// Words in their alphabetical order, without articles.
    words: Vec<String>,
    /// Pairs of neighbouring letters within the whole name without blanks, in order.
    pairs: Vec<(char, char)>,
}

impl Name {
    pub fn new(text: &str) -> Self {
        let plain = plain(text);
        let mut words: Vec<String> =
            plain.split(' ').filter(|word| !matches!(*word, "the" | "of" | "")).map(str::to_owned).collect();
        words.sort();
        words.dedup();
        let letters: Vec<char> = plain.chars().filter(|character| *character != ' ').collect();
        let mut pairs: Vec<(char, char)> = letters.windows(2).map(|pair| (pair[0], pair[1])).collect();
        pairs.sort_unstable();
        Self { words, pairs }
    }

    /// In thousandths, 1,000 for the same name. The greater of two measures:
    ///
    /// - the Sørensen-Dice coefficient of the pairs of letters: twice the common ones to all of both names;
    /// - if all words of one name are in the other, from 800, and more the more of that one they are: so
    ///   `Iran` is `Iran (Islamic Republic of)` and not `Iraq`.
    pub fn similarity(&self, other: &Self) -> u32 {
        let all = self.pairs.len() + other.pairs.len();
        let (fewer, more) =
            (self.pairs.len().min(other.pairs.len()), self.pairs.len().max(other.pairs.len()));
        if all == 0 {
            return if self.words == other.words && !self.words.is_empty() { 1_000 } else { 0 };
        }
        let words = if contains(&self.words, &other.words) || contains(&other.words, &self.words) {
            800 + 199 * fewer / more.max(1)
        } else {
            0
        };
        // The coefficient cannot be greater than with the shorter name whole in the longer one.
        let dice = if 2_000 * fewer / all < SIMILARITY_MIN as usize {
            0
        } else {
            2_000 * common(&self.pairs, &other.pairs) / all
        };
        words.max(dice) as u32
    }
}

fn contains(words: &[String], others: &[String]) -> bool {
    !others.is_empty() && others.iter().all(|other| words.binary_search(other).is_ok())
}

/// How many are in both of two sorted lists.
fn common(left: &[(char, char)], right: &[(char, char)]) -> usize {
    let (mut at_left, mut at_right, mut common) = (0, 0, 0);
    while let (Some(a), Some(b)) = (left.get(at_left), right.get(at_right)) {
        common += usize::from(a == b);
        (at_left, at_right) = (at_left + usize::from(a <= b), at_right + usize::from(b <= a));
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_similar_country_is_the_one_that_people_mean() {
        let countries = [
            "Iraq",
            "Iran (Islamic Republic of)",
            "United Kingdom",
            "United States",
            "United Arab Emirates",
            "Viet Nam",
            "Congo (the)",
            "Congo (the Democratic Republic of the)",
            "Côte d’Ivoire",
            "Niger",
            "Nigeria",
            "Korea (the Republic of)",
            "Bosnia & Herzegovina",
            "Guinea",
            "Papua New Guinea",
        ];
        let best = |text: &str| {
            let name = Name::new(text);
            let scored = countries.iter().map(|country| (name.similarity(&Name::new(country)), *country));
            let best = scored.max_by_key(|(score, _)| *score).unwrap();
            if best.0 < SIMILARITY_MIN { "-" } else { best.1 }
        };
        assert_eq!(best("Iran"), "Iran (Islamic Republic of)");
        assert_eq!(best("United States of America"), "United States");
        assert_eq!(best("UNITED KINGDOM (GB)"), "United Kingdom");
        assert_eq!(best("Vietnam"), "Viet Nam");
        assert_eq!(best("Congo"), "Congo (the)");
        assert_eq!(best("Cote d'Ivoire"), "Côte d’Ivoire");
        assert_eq!(best("Niger"), "Niger");
        assert_eq!(best("South Korea Republic"), "Korea (the Republic of)");
        assert_eq!(best("Bosnia and Herzegovina"), "Bosnia & Herzegovina");
        assert_eq!(best("Guinea"), "Guinea");
        assert_eq!(best("Atlantis"), "-");
    }

    #[test]
    fn a_name_is_most_like_itself_and_like_nothing_if_it_is_empty() {
        assert_eq!(Name::new("É.2").similarity(&Name::new("é 2")), 1_000);
        assert_eq!(Name::new("x").similarity(&Name::new("X")), 1_000);
        assert_eq!(Name::new("").similarity(&Name::new("")), 0);
        assert_eq!(Name::new("--").similarity(&Name::new("DE")), 0);
    }
}
