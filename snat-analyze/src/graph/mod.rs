//! The graph of a node: namespaces, processes, sandboxes, containers and pods, the steps between them, and the lines
//! that each step rests on. Where a way breaks off, the vertex at its end says why.

mod model;

pub use model::{Broken, GraphEdge, GraphReport, NodeGraph, Vertex, VertexKind};
