//! Does a child get what its upstreams have to say?

use ff_scanner_testkit::{Flow, FlowSeed, Node, State};
use serde_json::Value;

use crate::support::{LONG_AGO_MS, NOW_MS, Tenant, all_of, any_of};

/// Three upstreams whose results are `0`, `1` and `2` above a child that gets data from all but the last.
async fn flow_of_data(tenant: &Tenant, policy: Value, state: State) -> (Flow, Vec<Node>, Node) {
    let mut seed = FlowSeed::new();
    let upstreams: Vec<Node> = (0..3).map(|_| seed.node(tenant.running())).collect();
    let child = seed.node(tenant.seed(state));
    seed.data_edge(upstreams[0], child);
    seed.data_edge(upstreams[1], child);
    seed.edge(upstreams[2], child, ff_scanner_testkit::EdgeState::Applied);
    seed.group(child, policy);
    let flow = seed.insert(&tenant.pool, tenant.partition, NOW_MS - 120_000).await;
    for (at, upstream) in upstreams.iter().enumerate() {
        sqlx::query("UPDATE ff_exec_core SET result = $2 WHERE execution_id = $1")
            .bind(flow.id(*upstream))
            .bind(at.to_string().into_bytes())
            .execute(&tenant.pool)
            .await
            .expect("legal");
    }
    (flow, upstreams, child)
}

async fn payload(tenant: &Tenant, flow: &Flow, child: Node) -> Option<String> {
    let sql = "SELECT convert_from(payload, 'UTF8') FROM ff_exec_core WHERE execution_id = $1";
    sqlx::query_scalar(sql).bind(flow.id(child)).fetch_one(&tenant.pool).await.expect("the child exists")
}

#[tokio::test]
async fn the_result_of_the_last_upstream_that_passes_data_is_the_payload() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = flow_of_data(&tenant, all_of(), State::Blocked).await;
    for (upstream, then) in [(2, None), (1, Some("1")), (0, Some("0"))] {
        flow.finish(&tenant.pool, upstreams[upstream], "success", LONG_AGO_MS).await;
        tenant.cycle().await;
        assert_eq!(payload(&tenant, &flow, child).await.as_deref(), then);
    }
}

#[tokio::test]
async fn upstreams_that_end_together_pass_data_in_the_order_of_their_events() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = flow_of_data(&tenant, all_of(), State::Blocked).await;
    for upstream in [2, 1, 0] {
        flow.finish(&tenant.pool, upstreams[upstream], "success", LONG_AGO_MS).await;
    }
    tenant.cycle().await;
    assert_eq!(payload(&tenant, &flow, child).await.as_deref(), Some("0"));
}

#[tokio::test]
async fn of_several_that_would_do_only_the_one_that_decides_passes_its_result() {
    let tenant = Tenant::new().await;
    for (order, then) in [([0, 1], Some("0")), ([1, 0], Some("1")), ([2, 0], None)] {
        let (flow, upstreams, child) = flow_of_data(&tenant, any_of(), State::Blocked).await;
        for upstream in order {
            flow.finish(&tenant.pool, upstreams[upstream], "success", LONG_AGO_MS).await;
        }
        tenant.cycle().await;
        flow.finish(&tenant.pool, upstreams[1], "success", LONG_AGO_MS).await;
        tenant.cycle().await;
        assert_eq!(payload(&tenant, &flow, child).await.as_deref(), then, "{order:?}");
    }
}

#[tokio::test]
async fn a_failure_passes_nothing_and_a_child_that_has_started_gets_nothing() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = flow_of_data(&tenant, all_of(), State::Blocked).await;
    flow.finish(&tenant.pool, upstreams[0], "failed", LONG_AGO_MS).await;
    tenant.cycle().await;
    assert_eq!(payload(&tenant, &flow, child).await, None);

    let running = State::Running { lease_ends_in_ms: 1000, running_for_ms: 1, typed: false };
    let (flow, upstreams, child) = flow_of_data(&tenant, all_of(), running).await;
    flow.finish(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;
    tenant.cycle().await;
    assert_eq!(payload(&tenant, &flow, child).await, None);
}

#[tokio::test]
async fn an_upstream_without_a_result_leaves_the_payload() {
    let tenant = Tenant::new().await;
    let (flow, upstreams, child) = flow_of_data(&tenant, all_of(), State::Blocked).await;
    let given = "UPDATE ff_exec_core SET payload = 'own' WHERE partition_key = $1 AND execution_id = $2";
    tenant.execute(given, &flow, child).await;
    let none = "UPDATE ff_exec_core SET result = NULL WHERE partition_key = $1 AND execution_id = $2";
    tenant.execute(none, &flow, upstreams[0]).await;
    flow.finish(&tenant.pool, upstreams[0], "success", LONG_AGO_MS).await;
    tenant.cycle().await;
    assert_eq!(payload(&tenant, &flow, child).await.as_deref(), Some("own"));
}
