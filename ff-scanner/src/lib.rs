//! Reconcilers that keep FlowFabric workflow executions moving.
