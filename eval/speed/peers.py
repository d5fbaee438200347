"""The peers as contenders, each set up as its documentation shows for hybrid retrieval, with vectors from outside.

Their packages are imported as each is made: none of them is needed by anything else.
"""

from pathlib import Path
from typing import Any

from eval.speed.collection import Collection
from index.arrays import Vector

_K = 10


class _Peer:
    """Keeps the vectors that were handed over, by text: what the peer's encoder gives."""

    def __init__(self) -> None:
        self._vectors: dict[str, Vector] = {}

    def hand(self, collection: Collection) -> None:
        self._vectors.update(zip(collection.questions, collection.asked, strict=True))


class LangChain(_Peer):
    """EnsembleRetriever: its BM25Retriever (rank-bm25) and FAISS, by reciprocal rank fusion."""

    title = "LangChain"
    packages = ("langchain-classic", "langchain-community", "langchain-core", "faiss-cpu", "rank-bm25")

    def __init__(self) -> None:
        super().__init__()
        from langchain_classic.retrievers import EnsembleRetriever
        from langchain_community.retrievers import BM25Retriever
        from langchain_community.vectorstores import FAISS
        from langchain_core.embeddings import Embeddings

        vectors = self._vectors

        class Handed(Embeddings):  # type: ignore[misc]
            def embed_query(self, text: str) -> list[float]:
                return list(vectors[text].tolist())

            def embed_documents(self, texts: list[str]) -> list[list[float]]:
                return [self.embed_query(text) for text in texts]

        self._embeddings = Handed()
        self._store, self._bm25, self._ensemble = FAISS, BM25Retriever, EnsembleRetriever

    def build(self, collection: Collection, folder: Path) -> None:
        passages = collection.passages
        store = self._store.from_embeddings(
            zip([each.searchable for each in passages], collection.vectors, strict=True),
            self._embeddings,
            metadatas=[{"id": each.id} for each in passages],
            ids=[each.id for each in passages],
        )
        # The retriever over words has no form on disk: it is made anew by `open`, and here as every build makes it.
        self._retriever(store)
        store.save_local(str(folder))

    def open(self, folder: Path) -> None:
        # What is unpickled was written by `build` a moment ago.
        store = self._store.load_local(str(folder), self._embeddings, allow_dangerous_deserialization=True)
        self._retrieve = self._retriever(store)

    def search(self, question: str, k: int) -> list[str]:
        return [found.metadata["id"] for found in self._retrieve.invoke(question)[:k]]

    def _retriever(self, store: Any) -> Any:
        documents = store.get_by_ids(list(store.index_to_docstore_id.values()))
        words = self._bm25.from_documents(documents, k=_K)
        meaning = store.as_retriever(search_kwargs={"k": _K})
        return self._ensemble(retrievers=[words, meaning], weights=[0.5, 0.5], id_key="id")


class Txtai(_Peer):
    """Embeddings with hybrid=True: FAISS and its own BM25, by a convex sum; texts in SQLite."""

    title = "txtai"
    packages = ("txtai", "faiss-cpu")

    def __init__(self) -> None:
        super().__init__()
        import numpy as np
        from txtai import Embeddings

        vectors = self._vectors

        def handed(texts: list[str]) -> Any:
            return np.stack([vectors[text] for text in texts])

        self._transform = handed
        self._make = Embeddings

    def build(self, collection: Collection, folder: Path) -> None:
        texts = [each.searchable for each in collection.passages]
        self._vectors.update(zip(texts, collection.vectors, strict=True))
        embeddings = self._make(method="external", transform=self._transform, hybrid=True, content=True)
        embeddings.index((each.id, text) for each, text in zip(collection.passages, texts, strict=True))
        embeddings.save(str(folder))

    def open(self, folder: Path) -> None:
        self._embeddings = self._make()
        self._embeddings.load(str(folder), config={"transform": self._transform})

    def search(self, question: str, k: int) -> list[str]:
        return [found["id"] for found in self._embeddings.search(question, k)]


class Haystack(_Peer):
    """A pipeline of InMemoryBM25Retriever and InMemoryEmbeddingRetriever, joined by reciprocal rank fusion."""

    title = "Haystack"
    packages = ("haystack-ai",)
    _FILE = "documents.json"

    def __init__(self) -> None:
        super().__init__()
        from haystack import Document, Pipeline
        from haystack.components.joiners import DocumentJoiner
        from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
        from haystack.document_stores.in_memory import InMemoryDocumentStore

        self._document, self._store, self._pipeline = Document, InMemoryDocumentStore, Pipeline
        self._parts = InMemoryBM25Retriever, InMemoryEmbeddingRetriever, DocumentJoiner

    def build(self, collection: Collection, folder: Path) -> None:
        store = self._store()
        vectors = collection.vectors.tolist()
        store.write_documents(
            [
                self._document(id=each.id, content=each.searchable, embedding=vector)
                for each, vector in zip(collection.passages, vectors, strict=True)
            ]
        )
        store.save_to_disk(str(folder / self._FILE))

    def open(self, folder: Path) -> None:
        store = self._store.load_from_disk(str(folder / self._FILE))
        words, meaning, joiner = self._parts
        self._asked = self._pipeline()
        self._asked.add_component("words", words(store, top_k=_K))
        self._asked.add_component("meaning", meaning(store, top_k=_K))
        self._asked.add_component("joined", joiner(join_mode="reciprocal_rank_fusion", top_k=_K))
        self._asked.connect("words", "joined")
        self._asked.connect("meaning", "joined")

    def search(self, question: str, k: int) -> list[str]:
        vector = self._vectors[question].tolist()
        found = self._asked.run({"words": {"query": question}, "meaning": {"query_embedding": vector}})
        return [document.id for document in found["joined"]["documents"][:k]]


class LlamaIndex(_Peer):
    """QueryFusionRetriever: VectorStoreIndex in its default store and BM25Retriever (bm25s), by reciprocal rank fusion."""

    title = "LlamaIndex"
    packages = ("llama-index-core", "llama-index-retrievers-bm25", "bm25s")

    def __init__(self) -> None:
        super().__init__()
        from llama_index.core import MockEmbedding, StorageContext, VectorStoreIndex, load_index_from_storage
        from llama_index.core.llms import MockLLM
        from llama_index.core.retrievers import QueryFusionRetriever
        from llama_index.core.schema import QueryBundle, TextNode
        from llama_index.retrievers.bm25 import BM25Retriever

        self._node, self._query, self._mock, self._model = TextNode, QueryBundle, MockEmbedding, MockLLM
        self._index, self._storage, self._load = VectorStoreIndex, StorageContext, load_index_from_storage
        self._bm25, self._fusion = BM25Retriever, QueryFusionRetriever

    def build(self, collection: Collection, folder: Path) -> None:
        vectors = collection.vectors
        nodes = [
            self._node(id_=each.id, text=each.searchable, embedding=vector)
            for each, vector in zip(collection.passages, vectors.tolist(), strict=True)
        ]
        # Every node has its vector: the model that there must be is never asked.
        index = self._index(nodes, embed_model=self._mock(embed_dim=vectors.shape[1]), transformations=[])
        index.storage_context.persist(str(folder / "index"))
        self._bm25.from_defaults(nodes=nodes, similarity_top_k=_K).persist(str(folder / "words"))

    def open(self, folder: Path) -> None:
        storage = self._storage.from_defaults(persist_dir=str(folder / "index"))
        # The dimension counts for nothing here.
        index = self._load(storage, embed_model=self._mock(embed_dim=1), transformations=[])
        meaning, words = index.as_retriever(similarity_top_k=_K), self._bm25.from_persist_dir(str(folder / "words"))
        # One question, no language model to vary it; without asyncio, which would only add to the time.
        self._fused = self._fusion(
            [meaning, words],
            llm=self._model(),
            mode="reciprocal_rerank",
            similarity_top_k=_K,
            num_queries=1,
            use_async=False,
        )

    def search(self, question: str, k: int) -> list[str]:
        query = self._query(question, embedding=self._vectors[question].tolist())
        return [found.node.node_id for found in self._fused.retrieve(query)[:k]]
