"""A small valid file of every format of labels, for tests and for the fuzzing of readers."""

BOUTS = "behaviour,start_s,stop_s\ngrooming,0.5,1.25\nrearing,2,3.5\n"
ONE_HOT = ",background,grooming,rearing\n0,1,0,0\n1,0,1,0\n2,0,1,1\n3,1,0,0\n"
BORIS_OLD = """Observation id,trial 1,,,,,,,
,,,,,,,,
Media file(s),,,,,,,,
Player #1,/home/lab/m1.avi,,,,,,,
Observation date,2021-06-15 13:41:51,,,,,,,
Time offset (s),0.0,,,,,,,
,,,,,,,,
Time,Media file path,Total length,FPS,Subject,Behavior,Behavioral category,Comment,Status
0.500,/home/lab/m1.avi,10.000,30.0,adult,grooming,,,START
1.250,/home/lab/m1.avi,10.000,30.0,adult,grooming,,,STOP
2.000,/home/lab/m1.avi,10.000,30.0,adult,rearing,,"a, b",START
3.500,/home/lab/m1.avi,10.000,30.0,adult,rearing,,,STOP
"""
CALTECH = """Caltech Behavior Annotator - Annotation File

Configuration file:
base\tz
grooming\tg
rearing\tr

S1:\tstart\tend\ttype
-----------------------------
   \t1\t20\tbase
   \t21\t40\tgrooming
   \t41\t60\trearing

S2:\tstart\tend\ttype
-----------------------------
   \t1\t60\tbase
"""
X_MARKS = "Laboratori de comportament;;;\nVideo: WT_ChR2_01;;;\n;;;\nframe;Grooming;Rearing mig;Rearing paret\n0;x;;\n1;x;;\n2;;X;\n3;;;x\n"
MERGED = (
    "frame,Genotip,Tractament,midbody_x,midbody_y,Grooming,Rearing mig\n"
    "0,WT,ChR2,10.5,20.5,0,0\n1,WT,ChR2,10.6,20.4,1,0\n2,WT,ChR2,10.7,20.3,0,1\n"
)
SIMBA = (
    ",Nose_x,Nose_y,Nose_p,Tail_x,Tail_y,Tail_p,Movement_mouse,grooming,rearing\n"
    "0,10.5,20.5,0.9,30.1,40.2,0.8,1.25,0,0\n1,10.6,20.4,0.9,30.1,40.2,0.8,1.5,1,0\n2,10.7,20.3,0.9,30.1,40.2,0.8,0.25,1,1\n"
)
TAGS = (
    "frame,time_s,grooming_probability,grooming,rearing_probability,rearing\n0,0.000000,0.1000,0,0.2000,0\n1,0.100000,0.9000,1,0.2000,0\n"
)
CLIPS = "clip,group,group_name,superclass,frames,fps\na.avi,1,face groom,grooming,5,5\nb.avi,2,rear,rearing,7,5\n"
RATERS = (
    '"file";"Experimenter";"from";"to";"type";"ID";"DLCFile"\n'
    '"a.csv";"rater_1";0.5;1.25;"grooming";"m1";"m1DeepCut_resnet50_x.csv"\n"b.csv";"rater_2";0.6;1.5;"grooming";"m1";"m1DeepCut_resnet50_x.csv"\n'
)
BORIS_PROJECT = """{"time_format": "hh:mm:ss", "project_date": "2024-01-01T00:00:00", "project_name": "p", "project_description": "",
"project_format_version": "7.0", "subjects_conf": {"0": {"key": "a", "name": "adult", "description": ""}},
"behaviors_conf": {"0": {"type": "State event", "key": "g", "code": "grooming", "description": "", "category": "", "modifiers": "",
"excluded": "", "coding map": ""}}, "observations": {"trial 1": {"file": {"1": ["m1.avi"], "2": []}, "type": "MEDIA",
"date": "2024-01-01T00:00:00", "description": "", "time offset": 0.0, "independent_variables": {},
"events": [[0.5, "adult", "grooming", "", ""], [1.25, "adult", "grooming", "", ""]],
"media_info": {"length": {"m1.avi": 10.0}, "fps": {"m1.avi": 30.0}, "offset": {"1": 0.0}}}},
"behavioral_categories": [], "independent_variables": {}, "coding_map": {}, "behaviors_coding_map": [], "converters": {}}
"""
SAMPLES = {
    "bouts_csv": BOUTS,
    "one_hot_csv": ONE_HOT,
    "boris_events": BORIS_OLD,
    "boris_project": BORIS_PROJECT,
    "caltech": CALTECH,
    "x_marks": X_MARKS,
    "merged_csv": MERGED,
    "simba": SIMBA,
    "tags_csv": TAGS,
    "clip_table": CLIPS,
    "raters": RATERS,
}
