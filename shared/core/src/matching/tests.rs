//! The fears about matching: money credited twice because it was told of twice, a stranger's number
//! taken for a key, a suggestion for more than is owed, a tie that looks like an answer.

mod suggestions;
mod ways;
