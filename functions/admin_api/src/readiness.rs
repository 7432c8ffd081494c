//! How far a merchant is: the steps of the set-up, and the seven questions.

use quita_app::onboarding::readiness::show_readiness;
use quita_app::onboarding::steps::show_steps;
use quita_edge::http::json;
use quita_edge::{ApiResponse, Problem};

use crate::At;

pub(crate) async fn show(at: &At<'_>) -> Result<ApiResponse, Problem> {
    Ok(json(200, &show_readiness(at.deps, at.merchant).await?))
}

pub(crate) async fn steps(at: &At<'_>) -> Result<ApiResponse, Problem> {
    Ok(json(200, &show_steps(at.deps, at.merchant).await?))
}
