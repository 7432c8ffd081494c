//! Inputs a few steps away from ones that are read.
//!
//! Owns the steps. Blind as they are, they reach far less than libFuzzer does; they are there to be
//! run with every `cargo test`. Invariant: the same seed gives the same inputs.

use std::ops::Range;

use fastrand::Rng;

/// Steps from a seed to an input at most.
const STEPS_MAX: usize = 4;
/// Bytes of the longest input.
const INPUT_BYTES_MAX: usize = 16 * 1024;
/// Bytes that are removed, repeated or moved at once at most.
const STRETCH_BYTES_MAX: usize = 300;
/// Bytes that readers branch on.
const TELLING: [u8; 16] = *b"\n\r\t \"<>&;,09-+\x00\xff";

/// Makes inputs out of seeds and tokens, neither of which may be empty.
pub struct Mutator {
    pub rng: Rng,
    pub seeds: Vec<Vec<u8>>,
    pub tokens: Vec<Vec<u8>>,
}

impl Mutator {
    /// The next input.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.seeds[self.rng.usize(..self.seeds.len())].clone();
        // Few steps more often: far from a seed everything is refused at once.
        let steps = self.rng.usize(1..=STEPS_MAX).min(self.rng.usize(1..=STEPS_MAX));
        for _ in 0..steps {
            self.step(&mut input);
        }
        input.truncate(INPUT_BYTES_MAX);
        input
    }

    fn step(&mut self, input: &mut Vec<u8>) {
        let place = self.rng.usize(..=input.len());
        let stretch = self.stretch(input);
        match self.rng.u8(..8) {
            0 => flip(input, place, 1 << self.rng.u8(..8)),
            1 => set(input, place, TELLING[self.rng.usize(..TELLING.len())]),
            2 => drop(input.drain(stretch)),
            3 => {
                let repeated = input[stretch].to_vec();
                input.splice(place..place, repeated);
            }
            4 => drop(input.splice(place..place, self.token())),
            5 => {
                let token = self.token();
                let end = input.len().min(place + token.len());
                input.splice(place..end, token);
            }
            6 => {
                let other = &self.seeds[self.rng.usize(..self.seeds.len())];
                input.truncate(place);
                input.extend_from_slice(&other[self.rng.usize(..=other.len())..]);
            }
            _ => input.truncate(place),
        }
    }

    fn token(&mut self) -> Vec<u8> {
        self.tokens[self.rng.usize(..self.tokens.len())].clone()
    }

    fn stretch(&mut self, input: &[u8]) -> Range<usize> {
        let start = self.rng.usize(..=input.len());
        let length = self.rng.usize(..=STRETCH_BYTES_MAX.min(input.len() - start));
        start..start + length
    }
}

fn flip(input: &mut [u8], place: usize, bit: u8) {
    if let Some(byte) = input.get_mut(place) {
        *byte ^= bit;
    }
}

fn set(input: &mut [u8], place: usize, value: u8) {
    if let Some(byte) = input.get_mut(place) {
        *byte = value;
    }
}
