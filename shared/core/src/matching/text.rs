//! Words of statements and names of companies, made comparable.

use std::collections::BTreeSet;

/// Shortest reference that is looked for: anything shorter stands in every second memo.
const REFERENCE_CHARS_MIN: usize = 3;
/// Shortest word of a name that tells companies apart.
const WORD_CHARS_MIN: usize = 3;
/// Words that many companies share. Source: legal forms of the Código Civil, and their short forms.
const COMMON_WORDS: [&str; 12] = [
    "LTDA",
    "EIRELI",
    "EPP",
    "CIA",
    "COM",
    "COMERCIO",
    "SERVICOS",
    "INDUSTRIA",
    "BRASIL",
    "DOS",
    "DAS",
    "PIX",
];
/// Letters of Portuguese with their plain form.
const PLAIN: [(char, char); 13] = [
    ('Á', 'A'),
    ('À', 'A'),
    ('Â', 'A'),
    ('Ã', 'A'),
    ('É', 'E'),
    ('Ê', 'E'),
    ('Í', 'I'),
    ('Ó', 'O'),
    ('Ô', 'O'),
    ('Õ', 'O'),
    ('Ú', 'U'),
    ('Ü', 'U'),
    ('Ç', 'C'),
];

/// Upper case without accents.
pub fn plain(text: &str) -> String {
    let bare = |c: char| PLAIN.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to);
    text.chars().flat_map(char::to_uppercase).map(bare).collect()
}

/// Whether `reference` stands in `words` by itself, not inside a longer number. Both are plain.
pub fn names(words: &str, reference: &str) -> bool {
    let reference = reference.trim();
    if reference.chars().count() < REFERENCE_CHARS_MIN {
        return false;
    }
    let edge = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    words.match_indices(reference).any(|(from, found)| {
        edge(words[..from].chars().next_back()) && edge(words[from + found.len()..].chars().next())
    })
}

/// Whether at least half of the telling words of `name` stand in `words`. Both are plain.
pub fn shares_words(words: &str, name: &str) -> bool {
    let (words, name) = (telling(words), telling(name));
    let shared = name.intersection(&words).count();
    shared > 0 && shared * 2 >= name.len()
}

fn telling(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let telling = words.filter(|word| word.chars().count() >= WORD_CHARS_MIN);
    telling.filter(|word| !COMMON_WORDS.contains(word)).collect()
}
