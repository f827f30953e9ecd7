"""The part of AWS's sagemaker-containers that serving code of the scikit-learn image imports.

The real package pins a web framework and compiles a C extension; a container whose requirements.txt names it gets it,
since this one comes last on the path.
"""
