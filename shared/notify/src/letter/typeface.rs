//! The three typefaces of a letter: which bytes spell a text, how wide it is, where it wraps.
//!
//! Owns the encoding and the metrics of Helvetica, Helvetica bold and Courier, which every reader
//! and printer has, so that no font travels with a letter. WinAnsi spells Portuguese in full.
//!
//! Source: ISO 32000-1 annex D.2 (WinAnsiEncoding), Adobe Core 14 font metrics.

/// Width of every character of Courier, in thousandths of the size.
const MONO_WIDTH: u16 = 600;
/// What stands for a character that WinAnsi lacks.
const REPLACEMENT: u8 = b'?';

/// From the space to `~`, in thousandths of the size.
const REGULAR_WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
const BOLD_WIDTHS: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667,
    611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556,
    278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];

/// What WinAnsi has at 0x80 to 0x9F; a space where it has nothing.
const WIN_ANSI_C1: &str = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

/// A typeface, as the letters use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    Regular,
    Bold,
    Mono,
}

impl Face {
    pub(super) const ALL: [Self; 3] = [Self::Regular, Self::Bold, Self::Mono];

    /// Its name among the standard fonts.
    pub(super) fn base_font(self) -> &'static [u8] {
        match self {
            Self::Regular => b"Helvetica",
            Self::Bold => b"Helvetica-Bold",
            Self::Mono => b"Courier",
        }
    }

    /// Its name in the resources of a page.
    pub(super) fn resource(self) -> &'static [u8] {
        match self {
            Self::Regular => b"R",
            Self::Bold => b"B",
            Self::Mono => b"M",
        }
    }

    /// Width of `text` at `size`, in the unit of `size`.
    pub(super) fn width(self, text: &str, size: f32) -> f32 {
        let thousandths: u32 = text.chars().map(|c| u32::from(self.char_width(c))).sum();
        // A letter's line is far shorter than what an f32 counts exactly.
        thousandths as f32 * size / 1000.0
    }

    fn char_width(self, character: char) -> u16 {
        let widths = match self {
            Self::Mono => return MONO_WIDTH,
            Self::Regular => &REGULAR_WIDTHS,
            Self::Bold => &BOLD_WIDTHS,
        };
        let ascii = u32::from(unaccented(character)).checked_sub(u32::from(' '));
        let known = ascii.and_then(|at| widths.get(usize::try_from(at).ok()?)).copied();
        known.unwrap_or(match character {
            '…' | '—' | '‰' | '™' | 'Œ' | 'Æ' | '©' | '®' => 1000,
            'ª' | 'º' | '°' | '²' | '³' | '¹' | '·' | '´' | '¨' => 400,
            // Everything else outside of ASCII is at most as wide as this, or rare.
            _ => 611,
        })
    }

    /// `text` in lines of at most `width`, broken at spaces; a word that is longer is broken where
    /// the line ends. At least one line.
    pub(super) fn wrap(self, text: &str, size: f32, width: f32) -> Vec<String> {
        let mut lines = vec![String::new()];
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let Some(line) = lines.last_mut() else { break };
            let joined = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width(&joined, size) <= width {
                *line = joined;
                continue;
            }
            let fresh = line.is_empty();
            let mut pieces = self.break_anywhere(word, size, width);
            if fresh {
                lines.pop();
            }
            lines.append(&mut pieces);
        }
        lines
    }

    /// `text` in lines of at most `width`, broken anywhere: for codes and links.
    pub(super) fn break_anywhere(self, text: &str, size: f32, width: f32) -> Vec<String> {
        let mut lines = vec![String::new()];
        let mut used = 0.0;
        for character in text.chars() {
            let wide = f32::from(self.char_width(character)) * size / 1000.0;
            match lines.last_mut() {
                Some(line) if line.is_empty() || used + wide <= width => {
                    line.push(character);
                    used += wide;
                }
                _ => {
                    lines.push(character.to_string());
                    used = wide;
                }
            }
        }
        lines
    }
}

/// The letter beneath an accent, which has the same width in both typefaces.
fn unaccented(character: char) -> char {
    match character {
        'À'..='Å' => 'A',
        'Ç' => 'C',
        'È'..='Ë' => 'E',
        'Ì'..='Ï' => 'I',
        'Ñ' => 'N',
        'Ò'..='Ö' => 'O',
        'Ù'..='Ü' => 'U',
        'Ý' => 'Y',
        'à'..='å' => 'a',
        'ç' => 'c',
        'è'..='ë' => 'e',
        'ì'..='ï' => 'i',
        'ñ' => 'n',
        'ò'..='ö' => 'o',
        'ù'..='ü' => 'u',
        'ý' | 'ÿ' => 'y',
        '\u{a0}' => ' ',
        '–' => '_',
        other => other,
    }
}

/// `text` in WinAnsi; what that lacks becomes `?`.
pub(super) fn win_ansi(text: &str) -> Vec<u8> {
    text.chars().map(win_ansi_byte).collect()
}

fn win_ansi_byte(character: char) -> u8 {
    match character {
        ' '..='~' | '\u{a0}'..='\u{ff}' => {
            u8::try_from(u32::from(character)).unwrap_or(REPLACEMENT)
        }
        _ => {
            let at = WIN_ANSI_C1.chars().position(|known| known == character);
            at.and_then(|at| u8::try_from(0x80 + at).ok()).unwrap_or(REPLACEMENT)
        }
    }
}
