"""Where the data of the benchmarks come from, for their --help and for docs/benchmarks.md; none is part of the repository."""

import argparse
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """Data that others publish: what it is called here, where it is, its licence, and what to make of it."""

    name: str
    url: str
    licence: str
    files: str


SOURCES = {
    each.name: each
    for each in (
        Source(
            "openb",
            "https://github.com/alibaba/clusterdata/tree/master/cluster-trace-gpu-v2023",
            "for research and study, as its page says",
            "csv/openb_node_list_gpu_node.csv is nodes.csv, csv/openb_pod_list_NAME.csv is NAME.csv",
        ),
        Source(
            "stg",
            "https://www.kasahara.cs.waseda.ac.jp/schedule/",
            "that of the Kasahara Laboratory, see its page",
            "*.stg of the graphs with 50 tasks; optimal_M.csv has a line\n"
            "    graph,processors,optimum per optimal schedule listed there",
        ),
        Source(
            "psplib",
            "https://www.om-db.wi.tum.de/psplib/",
            "free for research; collected under MIT in https://github.com/ScheduleOpt/benchmarks",
            "*.sm of the set j30; best_known.csv has a line\n"
            "    instance,best_makespan per listed optimum, below a line with these names",
        ),
        Source(
            "heft",
            "https://doi.org/10.1109/71.993206",
            "figures of a paper",
            "exec_time.csv (task,P0,P1,P2) and edges.csv (src,dst,comm) of its ten-task example",
        ),
        Source(
            "wfinstances",
            "https://github.com/wfcommons/WfInstances",
            "LGPL-3.0",
            "*.json of the folder pegasus or makeflow",
        ),
        Source(
            "gavel",
            "https://github.com/stanford-futuredata/gavel",
            "MIT",
            "scheduler/simulation_throughputs.json",
        ),
        Source(
            "philly",
            "https://github.com/msr-fiddle/philly-traces",
            "as is, with a citation of its paper",
            "jobs.csv has a line timestamp,duration,num_gpus,cluster per job of cluster_job_log:\n"
            "    when it was submitted, the seconds that it ran, its GPUs, its vc",
        ),
        Source(
            "lublin",
            "https://www.cs.huji.ac.il/labs/parallel/workload/m_lublin99/",
            "free, as its page says",
            "lublin_256.swf is 10,000 jobs that the model draws for 256 processors, with run times and no requested times",
        ),
    )
}


def name_sources(parser: argparse.ArgumentParser, *names: str) -> None:
    """Have the parser's help end with where the data are."""
    found = [SOURCES[name] for name in names]
    told = [f"  {each.name}: {each.url}\n    licence: {each.licence}\n    {each.files}" for each in found]
    parser.formatter_class = argparse.RawDescriptionHelpFormatter  # addresses are not to be wrapped
    parser.epilog = "\n".join(["The data are not part of this repository. They come from:", *told])
